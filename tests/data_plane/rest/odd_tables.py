"""Models of tables with missing texts, booleans, and blanks in names."""

from __future__ import annotations

from functools import cache
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import pretzel
from pretzel.plan.definition import Definition

GAPS = pd.DataFrame(
    {
        "kind": ["u", None, "v", "u", None, "v", "w", None],
        "flag": [True, False, True, True, False, False, True, True],
        "size": [1.0, 2.5, 3.0, 4.0, 5.5, 0.5, 7.0, 2.0],
    }
)
BLANKS = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 2)), columns=["a b", "c"])


@cache
def odd_estimators() -> dict[str, Any]:
    """Return the models by name."""
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["kind", "flag"]), (StandardScaler(), ["size"])
    )
    gaps = make_pipeline(columns, LogisticRegression(C=100)).fit(GAPS, [0, 1, 0, 0, 1, 1, 0, 0])
    trees = lightgbm.LGBMRegressor(n_estimators=5, verbose=-1, n_jobs=1)
    return {"gaps": gaps, "blanks": trees.fit(BLANKS, BLANKS["a b"] - BLANKS["c"] ** 2)}


@cache
def odd_definitions() -> dict[str, Definition]:
    """Return their definitions by name."""
    return {name: pretzel.export(estimator) for name, estimator in odd_estimators().items()}
