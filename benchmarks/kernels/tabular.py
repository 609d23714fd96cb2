"""Encoders and imputers over a DataFrame of texts against scikit-learn: 1, 100 and 10 000 rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from threadpoolctl import threadpool_limits

import pretzel
from benchmarks.harness import Row
from benchmarks.kernels.rivals import BATCHES, both
from benchmarks.kernels.tables import adult

UNKNOWN = {"handle_unknown": "use_encoded_value", "unknown_value": -1}


def measure() -> list[Row]:
    """Compare encoders of Adult's eight text columns, alone and before a forest; empty if the table is absent."""
    table = adult(max(BATCHES))
    if table is None:
        return []
    frame, income, names = table
    texts = frame[names]
    models = {
        "one-hot": (OneHotEncoder(handle_unknown="ignore").fit(texts), texts),
        "one-hot with rare ones together": (OneHotEncoder(handle_unknown="ignore", min_frequency=50).fit(texts), texts),
        "ordinal": (OrdinalEncoder(**UNKNOWN).fit(texts), texts),
        "most frequent text for missing ones": (SimpleImputer(strategy="most_frequent").fit(texts), texts),
        "ordinal and a forest of 50": (_forest(names).fit(frame, income), frame),
    }
    with threadpool_limits(1):
        return [row for name, (model, x) in models.items() for row in _rows(f"Adult: {name}", model, x)]


def _rows(name: str, model: Any, x: pd.DataFrame) -> Iterator[Row]:
    method = "predict_proba" if hasattr(model, "predict_proba") else "transform"
    return both(name, "scikit-learn", pretzel.compile(model), method, getattr(model, method), x, check=_check)


def _forest(names: list[str]) -> Any:
    columns = ColumnTransformer([("encode", OrdinalEncoder(**UNKNOWN), names)], remainder="passthrough")
    return make_pipeline(columns, RandomForestClassifier(50, max_depth=10, random_state=0))


def _check(got: Any, want: Any) -> None:
    """Reject answers that differ, because the speed of a wrong answer is meaningless."""
    got, want = (value.toarray() if hasattr(value, "toarray") else np.asarray(value) for value in (got, want))
    assert got.shape == want.shape and ((got == want) | (got != got)).all()
