"""Forests and boosted trees against the libraries that grew them: 1, 100 and 10 000 rows, one thread on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_limits

import pretzel
from benchmarks.harness import Row, compare
from benchmarks.kernels.tables import diamonds
from pretzel import engine
from pretzel.control_plane.compile import compile_plan
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter

BATCHES = (1, 100, 10_000)
LEAF = -1


def measure() -> list[Row]:
    """Compare scikit-learn's estimators through the public methods, and LightGBM's trees where it is installed."""
    x, price = diamonds(max(BATCHES))
    with threadpool_limits(1):
        return [row for name, model in _models().items() for row in _sklearn(name, model, x, price)] + _lightgbm(
            x, price
        )


def _models() -> dict[str, Any]:
    return {
        "tree of any depth": DecisionTreeRegressor(random_state=0),
        "forest, 100 trees of depth 12": RandomForestRegressor(100, max_depth=12, random_state=0),
        "forest of 3 classes, 100 trees": RandomForestClassifier(100, max_depth=12, random_state=0),
        "gradient boosting, 100 trees": GradientBoostingRegressor(random_state=0),
        "histogram boosting, 300 trees": HistGradientBoostingRegressor(max_iter=300, random_state=0),
        "histogram boosting of 3 classes, 100 rounds": HistGradientBoostingClassifier(max_iter=100, random_state=0),
    }


def _sklearn(name: str, model: Any, x: np.ndarray, price: np.ndarray) -> Iterator[Row]:
    by_class = hasattr(model, "predict_proba")
    fitted = model.fit(x, np.digitize(price, np.quantile(price, [0.3, 0.7])) if by_class else price)
    method = "predict_proba" if by_class else "predict"
    yield from _both(name, "scikit-learn", getattr(pretzel.compile(fitted), method), getattr(fitted, method), x)


def _both(
    name: str, rival: str, ours: Callable[[Any], Any], theirs: Callable[[Any], Any], x: np.ndarray
) -> Iterator[Row]:
    for size in BATCHES:
        part = x[:size]
        np.testing.assert_allclose(ours(part), theirs(part), rtol=1e-9)
        yield compare(name, rival, lambda part=part: ours(part), lambda part=part: theirs(part), rows=size)


def _lightgbm(x: np.ndarray, price: np.ndarray) -> list[Row]:
    """Run the trees of a LightGBM model by our kernel; nothing where LightGBM is not installed."""
    try:
        import lightgbm
    except ImportError:
        return []
    options = {"objective": "regression", "num_leaves": 63, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(options, lightgbm.Dataset(x, price), 500)
    compiled = compile_plan(Definition({"predict": _ensemble(booster.dump_model(), x.shape[1])}))
    executable = engine.load(compiled.plan, lambda digest: compiled.blobs[digest])

    def ours(rows: np.ndarray) -> Any:
        return executable.run({"X": rows})["predict"]

    def theirs(rows: np.ndarray) -> Any:
        return booster.predict(rows, num_threads=1)

    return list(_both("LightGBM's own, 500 trees x 63 leaves", "LightGBM", ours, theirs, x))


def _ensemble(model: dict[str, Any], width: int) -> ops.TreeEnsemble:
    """Return the operator over the trees of a LightGBM dump; its features are numbers and none is missing."""
    nodes: list[tuple[int, float, int, int]] = []
    leaves: list[float] = []
    roots = [_add(tree["tree_structure"], nodes, leaves) for tree in model["tree_info"]]
    feature, threshold, left, right = (np.array(column) for column in zip(*nodes, strict=True))
    return ops.TreeEnsemble(
        ops.Input("X", f"f64[{width}]"),
        roots=Parameter.of(np.array(roots, np.int32)),
        feature=Parameter.of(feature.astype(np.int32)),
        threshold=Parameter.of(threshold),
        left=Parameter.of(left.astype(np.int32)),
        right=Parameter.of(right.astype(np.int32)),
        missing_left=Parameter.of(np.zeros(len(nodes), bool)),
        leaves=Parameter.of(np.array(leaves)),
        base=Parameter.of(np.zeros(1)),
    )


def _add(branch: dict[str, Any], nodes: list[tuple[int, float, int, int]], leaves: list[float]) -> int:
    at = len(nodes)
    if "leaf_value" in branch:
        nodes.append((0, 0.0, LEAF, len(leaves)))
        leaves.append(branch["leaf_value"])
        return at
    nodes.append((0, 0.0, 0, 0))
    left, right = (_add(branch[side], nodes, leaves) for side in ("left_child", "right_child"))
    nodes[at] = (branch["split_feature"], branch["threshold"], left, right)
    return at
