"""XGBoost, CatBoost and LightGBM models of several classes and of categories against the libraries themselves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import pretzel
from benchmarks.harness import Row
from benchmarks.kernels.rivals import BATCHES, boosted_to_onnx, both, onnx
from benchmarks.kernels.tables import diamonds

NOTES: list[str] = []
"""Comparisons that were skipped, each with its reason."""
TREES, DEPTH = 200, 6
ROUNDS_OF_CLASSES = 100
CATEGORICAL = (1, 2)
"""Columns of the diamonds with category codes; in random data they work as well."""

Data = tuple[np.ndarray, np.ndarray, np.ndarray]


def measure() -> list[Row]:
    """Compare the public methods with each library's, on one thread, and with ONNX Runtime if it supports the model."""
    x, price = diamonds(max(BATCHES))
    data = x, price, np.digitize(price, np.quantile(price, [0.3, 0.7]))
    rows: list[Row] = []
    with threadpool_limits(1):
        for library, cases in (("XGBoost", _xgboost), ("CatBoost", _catboost), ("LightGBM", _lightgbm)):
            try:
                rows += cases(data)
            except ImportError as error:
                NOTES.append(f"{library}: {error}")
    return rows


def _xgboost(data: Data) -> Iterator[Row]:
    import xgboost

    x, price, classes = data
    options = {"max_depth": DEPTH, "tree_method": "hist", "n_jobs": 1}
    name = f"XGBoost, {TREES} trees of depth {DEPTH}"
    model = xgboost.XGBRegressor(n_estimators=TREES, **options).fit(x, price)
    served = pretzel.compile(model)
    yield from both(name, "XGBoost", served, "predict", model.predict, x, check=_singles)
    yield from onnx(name, served, "predict", partial(boosted_to_onnx, "xgboost", model, x), x, NOTES)
    name = f"XGBoost of 3 classes, {ROUNDS_OF_CLASSES} rounds"
    several = xgboost.XGBClassifier(n_estimators=ROUNDS_OF_CLASSES, **options).fit(x, classes)
    served = pretzel.compile(several)
    yield from both(name, "XGBoost", served, "predict_proba", several.predict_proba, x, check=_singles)
    yield from onnx(name, served, "predict_proba", partial(boosted_to_onnx, "xgboost", several, x), x, NOTES)


def _catboost(data: Data) -> Iterator[Row]:
    import catboost

    x, price, _ = data
    options = {"iterations": TREES, "depth": DEPTH, "thread_count": 1, "verbose": False, "allow_writing_files": False}
    frame = pd.DataFrame(x, columns=[f"c{i}" for i in range(x.shape[1])])
    names = [frame.columns[i] for i in CATEGORICAL]
    coded = frame.assign(**{name: frame[name].round().astype(int).astype(str) for name in names})
    for name, model, features in (
        (f"CatBoost, {TREES} trees of depth {DEPTH}", catboost.CatBoostRegressor(**options), x),
        ("CatBoost with 2 columns of categories", catboost.CatBoostRegressor(cat_features=names, **options), coded),
    ):
        fitted = model.fit(features, price)
        yield from both(
            name, "CatBoost", pretzel.compile(fitted), "predict", partial(fitted.predict, thread_count=1), features
        )


def _lightgbm(data: Data) -> Iterator[Row]:
    import lightgbm

    x, price, classes = data
    options = {"num_leaves": 31, "verbose": -1, "num_threads": 1}
    for name, objective, y, categorical, rounds in (
        ("LightGBM of 3 classes, 100 rounds", {"objective": "multiclass", "num_class": 3}, classes, "auto", 100),
        ("LightGBM with 2 columns of categories", {"objective": "regression"}, price, list(CATEGORICAL), 200),
    ):
        table = lightgbm.Dataset(x, y, categorical_feature=categorical)
        booster = lightgbm.train({**options, **objective}, table, rounds)
        served = pretzel.compile(booster)
        yield from both(name, "LightGBM", served, "predict", partial(booster.predict, num_threads=1), x)
        yield from onnx(name, served, "predict", partial(boosted_to_onnx, "lightgbm", booster, x), x, NOTES)


def _singles(got: Any, want: Any) -> None:
    """Compare with the precision of float32, in which XGBoost computes."""
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6 * float(np.max(np.abs(want))))
