"""Forests and boosted trees against the training libraries, lleaves and ONNX Runtime; one thread each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_limits

import pretzel
from benchmarks.harness import Row
from benchmarks.kernels.rivals import BATCHES, boosted_to_onnx, both, onnx, sklearn_to_onnx
from benchmarks.kernels.tables import diamonds

NOTES: list[str] = []
"""Comparisons that were skipped, each with its reason."""
MOST_CONVERTED = 500_000
"""The most nodes of a forest to convert to ONNX."""


def measure() -> list[Row]:
    """Compare the public methods with scikit-learn's, LightGBM's, and those of engines for LightGBM models."""
    x, price = diamonds(max(BATCHES))
    with threadpool_limits(1):
        return [
            *(row for name, model in _models().items() for row in _sklearn(name, model, x, price)),
            *_lightgbm(x, price),
        ]


def _models() -> dict[str, Any]:
    return {
        "tree of any depth": DecisionTreeRegressor(random_state=0),
        "forest, 100 trees of depth 12": RandomForestRegressor(100, max_depth=12, random_state=0),
        "forest, 100 trees of any depth": RandomForestRegressor(100, random_state=0),
        "extra trees, 100 of any depth": ExtraTreesRegressor(100, random_state=0),
        "forest of 3 classes, 100 trees": RandomForestClassifier(100, max_depth=12, random_state=0),
        "isolation forest, 100 trees": IsolationForest(random_state=0),
        "gradient boosting, 100 trees": GradientBoostingRegressor(random_state=0),
        "histogram boosting, 300 trees": HistGradientBoostingRegressor(max_iter=300, random_state=0),
        "histogram boosting of 3 classes, 100 rounds": HistGradientBoostingClassifier(max_iter=100, random_state=0),
    }


def _sklearn(name: str, model: Any, x: np.ndarray, price: np.ndarray) -> Iterator[Row]:
    by_class = hasattr(model, "predict_proba")
    fitted = model.fit(x, np.digitize(price, np.quantile(price, [0.3, 0.7])) if by_class else price)
    method = next(m for m in ("predict_proba", "score_samples", "predict") if hasattr(fitted, m))
    served = pretzel.compile(fitted)
    yield from both(name, "scikit-learn", served, method, getattr(fitted, method), x)
    if method == "predict" and _is_converted(name, fitted):
        yield from onnx(name, served, method, partial(sklearn_to_onnx, fitted, x), x, NOTES)


def _is_converted(name: str, model: Any) -> bool:
    """Return whether the converter to ONNX, which visits nodes one at a time in Python, takes only seconds."""
    nodes = sum(tree.tree_.node_count for tree in getattr(model, "estimators_", ()) if hasattr(tree, "tree_"))
    if nodes > MOST_CONVERTED:
        NOTES.append(f"{name}: ONNX Runtime: the converter takes minutes over {nodes} nodes")
    return nodes <= MOST_CONVERTED


def _lightgbm(x: np.ndarray, price: np.ndarray) -> Iterator[Row]:
    name = "LightGBM, 500 trees x 63 leaves"
    if not find_spec("lightgbm"):
        NOTES.append(f"{name}: LightGBM is not installed")
        return
    booster = boosted(x, price)
    served = pretzel.compile(booster)
    yield from both(name, "LightGBM", served, "predict", partial(booster.predict, num_threads=1), x)
    yield from _lleaves(name, served, booster, x)
    yield from onnx(name, served, "predict", partial(boosted_to_onnx, "lightgbm", booster, x), x, NOTES)
    split = boosted(x, price, _codes(x))
    theirs = partial(split.predict, num_threads=1)
    yield from both("the same, splitting categories", "LightGBM", pretzel.compile(split), "predict", theirs, x)


def _codes(x: np.ndarray) -> list[int]:
    """Return the columns with few distinct whole numbers."""
    return [i for i, column in enumerate(x.T) if len(np.unique(column)) <= 10 and not (column % 1).any()]


def boosted(x: np.ndarray, price: np.ndarray, categories: Sequence[int] = ()) -> Any:
    """Train a LightGBM booster; categorical columns are split by sets."""
    import lightgbm

    options = {"objective": "regression", "num_leaves": 63, "verbose": -1, "num_threads": 1}
    return lightgbm.train(options, lightgbm.Dataset(x, price, categorical_feature=list(categories)), 500)


def _lleaves(name: str, served: Any, booster: Any, x: np.ndarray) -> Iterator[Row]:
    if not find_spec("lleaves"):
        NOTES.append(f"{name}: lleaves is not installed")
        return
    import lleaves

    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "model.txt")
        booster.save_model(file)
        model = lleaves.Model(model_file=file)
        model.compile()
        yield from both(name, "lleaves", served, "predict", partial(model.predict, n_jobs=1), x)
