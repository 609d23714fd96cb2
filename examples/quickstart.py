"""Deploy a pipeline and call it; needs a running `pretzel up`."""

from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel

X, y = load_wine(return_X_y=True)
pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)

with pretzel.ControlPlane("127.0.0.1:8101") as plane, pretzel.Client("127.0.0.1:8001") as client:
    version = plane.deploy("wine", pipeline, sample=X)
    print(f"{version}: {client.predict_proba('wine', X[:3])}")
