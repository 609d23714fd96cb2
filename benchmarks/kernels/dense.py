"""Dense and tabular pipelines, and single kernels, against scikit-learn and ONNX Runtime: 1 to 10 000 rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer, OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

import pretzel
from benchmarks.harness import Row
from benchmarks.kernels import tables
from benchmarks.kernels.rivals import BATCHES, both, onnx, sklearn_to_onnx

RIVAL = "scikit-learn"
NOTES: list[str] = []
"""Comparisons that were skipped, each with its reason."""
COLUMNS = 40


def measure() -> list[Row]:
    """Compare whole pipelines, then single estimators wide enough for arithmetic to dominate; one thread each."""
    models = {**pipelines(), **_single()}
    with threadpool_limits(1):
        return [row for name, (model, x) in models.items() for row in _public(name, model, x)]


def _public(name: str, model: Any, x: Any) -> Iterator[Row]:
    method = "predict_proba" if hasattr(model, "predict_proba") else "transform"
    method = method if hasattr(model, method) else "predict"
    served, label = pretzel.compile(model), f"{name}, {method}"
    yield from both(label, RIVAL, served, method, getattr(model, method), x)
    if isinstance(x, np.ndarray):
        yield from onnx(label, served, method, partial(sklearn_to_onnx, model, x), x, NOTES)


def pipelines() -> dict[str, tuple[Any, Any]]:
    x, y = _data(COLUMNS)
    union = FeatureUnion([("pca", PCA(20)), ("clusters", KMeans(16, n_init=1, random_state=0))])
    models = {
        "40 columns: impute, scale, PCA 20, logistic": (_scaled(PCA(20)).fit(x, y), x),
        "the same with PCA 20 + k-means 16 in a union": (_scaled(union).fit(x, y), x),
    }
    table = tables.table("adult.csv")
    if table is not None:
        table = table.iloc[: max(BATCHES)]
        models["Adult, a DataFrame: impute, scale, one-hot, logistic"] = (_adult_pipeline(table), table)
    return models


def _scaled(features: Any) -> Pipeline:
    return make_pipeline(SimpleImputer(), StandardScaler(), features, LogisticRegression())


def _single() -> dict[str, tuple[Any, Any]]:
    x, y = _data(256)
    several = LinearRegression().fit(x, np.random.default_rng(0).normal(size=(len(x), 64)))
    return {
        "logistic, 256 columns, 2 classes": (LogisticRegression().fit(x, y), x),
        "linear, 256 columns, 64 targets": (several, x),
        "PCA 128 of 256 columns": (PCA(128).fit(x), x),
        "scale 256 columns": (StandardScaler().fit(x), x),
        "normalize 256 columns": (Normalizer().fit(x), x),
        "k-means 64 over 256 columns": (KMeans(64, n_init=1, max_iter=5, random_state=0).fit(x), x),
    }


def _data(columns: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(columns).normal(size=(max(BATCHES), columns))
    return x, (x[:, 0] + x[:, 1] > 0).astype(int)


def _adult_pipeline(table: pd.DataFrame) -> Pipeline:
    target = table.columns[-1]
    texts = [name for name in table.columns if table[name].dtype.kind not in "iuf" and name != target]
    numbers = [name for name in table.columns if table[name].dtype.kind in "iuf" and name != target]
    features = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("texts", OneHotEncoder(handle_unknown="ignore"), texts),
        ]
    )
    return Pipeline([("features", features), ("head", LogisticRegression(max_iter=200))]).fit(table, table[target])
