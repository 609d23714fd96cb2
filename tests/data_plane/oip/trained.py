"""Models of real estimators, and the answers of their library."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_wine
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import pretzel
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.types import NUMPY_DTYPES

WINE = load_wine(as_frame=True)
ROWS = WINE.data.to_numpy()[::20]
TEXTS = ["aa bb", "cc dd grüße", "aa dd", "", "bb \U0001f968 cc"]
TABLE = pd.DataFrame({"size": [1.0, 2.5, 3.0, 4.0, 5.5], "kind": ["u", "v", "u", "w", "v"], "note": TEXTS})
NAMES = np.array(["class_0", "class_1", "class_2"])


@cache
def estimators() -> dict[str, Any]:
    """One estimator per form of input."""
    head = LogisticRegression(max_iter=2000)
    columns = make_column_transformer(
        (StandardScaler(), ["size"]), (OneHotEncoder(), ["kind"]), (TfidfVectorizer(), "note")
    )
    return {
        "wine": make_pipeline(StandardScaler(), LogisticRegression()).fit(WINE.data.to_numpy(), WINE.target),
        "frame": make_pipeline(StandardScaler(), LogisticRegression()).fit(WINE.data, NAMES[WINE.target]),
        "text": make_pipeline(TfidfVectorizer(), head).fit(TEXTS, ["yes", "no", "yes", "no", "no"]),
        "table": make_pipeline(columns, LogisticRegression(max_iter=2000)).fit(
            TABLE, [True, False, True, False, False]
        ),
        "terms": TfidfVectorizer().fit(TEXTS),
    }


def echoes() -> Definition:
    """Returns a column of every datatype unchanged."""
    return Definition({f"{kind}_out": ops.Input(kind, kind) for kind in (*NUMPY_DTYPES, "str")})


@cache
def definitions() -> dict[str, Definition]:
    """The models by name."""
    return {name: pretzel.export(estimator) for name, estimator in estimators().items()} | {"echo": echoes()}
