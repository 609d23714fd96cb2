import asyncio  # noqa: F401, the page has no imports
from pathlib import Path

import joblib
import numpy as np  # noqa: F401
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

import pretzel
from tests.helpers.certificates import Authority

frame = pd.DataFrame({"age": [23.0, 45.0, 31.0, 62.0] * 10, "visits": [1.0, 5.0, 2.0, 9.0] * 10})
pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, [0, 1, 0, 1] * 10)
estimator, X = XGBClassifier(n_estimators=5).fit(frame, [0, 1, 0, 1] * 10), frame
texts = ["a text", "another text", "good", "bad"] * 3
words = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [0, 1, 0, 1] * 3)
names = ["churn", "churn"]

plane = pretzel.ControlPlane("127.0.0.1:8101")
replaced["churn@2"] = str(plane.deploy("churn", estimator, sample=frame))  # noqa: F821, versions of other pages count
plane.deploy("churn", pipeline, sample=frame, alias="canary")
for name in ("spam-de", "spam-fr"):
    plane.deploy(name, words, sample=texts)

Authority(Path.cwd())
Path("models").mkdir()
joblib.dump(pipeline, "models/first.joblib")
frame.to_csv("models/first.csv", index=False)
