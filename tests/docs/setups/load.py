from pathlib import Path

import numpy as np
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression

import pretzel

X, y = load_wine(return_X_y=True)
plane = pretzel.ControlPlane("127.0.0.1:8101")
for name in ("wine", "wine-red"):
    plane.deploy(name, LogisticRegression(max_iter=100).fit(X, y), sample=X)
np.savetxt("rows.csv", X, delimiter=",")
Path("names.txt").write_text("wine\nwine-red\n")
