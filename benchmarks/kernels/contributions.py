"""Contributions of tree models against the training libraries and shap; one thread each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from threadpoolctl import threadpool_limits

import pretzel
from benchmarks import floors
from benchmarks.harness import Row, compare
from benchmarks.kernels.rivals import BATCHES, both
from benchmarks.kernels.tables import diamonds

NOTES: list[str] = []
"""Comparisons that were skipped, each with its reason."""
TREES, LEAVES, DEPTH = 100, 31, 6
FEW = (1, 100)
"""Rows for interactions: XGBoost makes two passes over all trees per feature."""


def measure() -> list[Row]:
    """Compare contributions, and the interactions of XGBoost, at each number of rows."""
    x, price = diamonds(max(BATCHES))
    with threadpool_limits(1):
        return [*_lightgbm(x, price), *_xgboost(x, price), *_forest(x, price)]


def _lightgbm(x: np.ndarray, price: np.ndarray) -> Iterator[Row]:
    name = f"LightGBM, {TREES} trees x {LEAVES} leaves"
    if not find_spec("lightgbm"):
        NOTES.append(f"{name}: LightGBM is not installed")
        return
    import lightgbm

    options = {"objective": "regression", "num_leaves": LEAVES, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(options, lightgbm.Dataset(x, price), TREES)
    served = pretzel.compile(booster)
    theirs = partial(booster.predict, pred_contrib=True, num_threads=1)
    yield from both(name, "LightGBM", served, "contributions", theirs, x, check=_of_rows)
    yield from _shap(name, served, booster, x)


def _xgboost(x: np.ndarray, price: np.ndarray) -> Iterator[Row]:
    name = f"XGBoost, {TREES} trees of depth {DEPTH}"
    if not find_spec("xgboost"):
        NOTES.append(f"{name}: XGBoost is not installed")
        return
    import xgboost

    options = {"max_depth": DEPTH, "tree_method": "hist", "nthread": 1}
    booster = xgboost.train(options, xgboost.DMatrix(x, price, nthread=1), TREES)
    served = pretzel.compile(booster)

    def theirs(part: np.ndarray, **flags: bool) -> Any:
        return booster.predict(xgboost.DMatrix(part, nthread=1), **flags)

    contributions, pairs = partial(theirs, pred_contribs=True), partial(theirs, pred_interactions=True)
    yield from both(name, "XGBoost", served, "contributions", contributions, x, check=_of_rows)
    yield from _shap(name, served, booster, x)
    for rows in FEW:
        yield _interactions(f"{name}, interactions", served, pairs, x[:rows])


def _interactions(name: str, served: Any, theirs: Any, x: np.ndarray) -> Row:
    _of_rows(served.interactions(x), theirs(x))
    floor = floors.us(served, "interactions", x)
    return compare(name, "XGBoost", lambda: served.interactions(x), lambda: theirs(x), rows=len(x), floor=floor)


def _forest(x: np.ndarray, price: np.ndarray) -> Iterator[Row]:
    forest = RandomForestRegressor(TREES, max_depth=8, random_state=0).fit(x, price)
    yield from _shap(f"random forest, {TREES} trees of depth 8", pretzel.compile(forest), forest, x)


def _shap(name: str, served: Any, model: Any, x: np.ndarray) -> Iterator[Row]:
    if not find_spec("shap"):
        NOTES.append(f"{name}: shap is not installed")
        return
    import shap

    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")

    def theirs(part: np.ndarray) -> Any:
        values = np.asarray(explainer.shap_values(part, check_additivity=False))
        expected = np.full((len(part), 1), np.ravel(explainer.expected_value)[0])
        return np.column_stack([values, expected])

    yield from both(name, "shap", served, "contributions", theirs, x, check=_of_rows)


def _of_rows(got: Any, want: Any) -> None:
    """Reject contributions that differ by more than float32 sums within a row."""
    scale = np.abs(want).max(axis=tuple(range(1, np.ndim(want))), keepdims=True)
    assert np.shape(got) == np.shape(want)
    assert (np.abs(got - want) <= 1e-5 * scale).all()
