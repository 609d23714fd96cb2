"""Kernels of neighbours reject, when they are built, every type and parameter that would lead out of bounds."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from pretzel.errors import DefinitionError
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense, sparse

F3, F2, I2, I3 = dense("f64", 3), dense("f64", 2), dense("i64", 2), dense("i64", 3)
TREE: dict[str, Any] = {
    "rows": np.ones((4, 3)),
    "order": np.arange(4),
    "spans": np.array([[0, 4]]),
    "low": np.zeros((1, 3)),
    "high": np.ones((1, 3)),
    "count": 2,
    "metric": "squares",
    "p": 2.0,
}
DENSITY: dict[str, Any] = {
    **{name: TREE[name] for name in ("rows", "spans", "low", "high", "metric", "p")},
    **{"log_weights": np.zeros(4), "masses": np.array([4.0]), "total": 4.0, "kernel": "gaussian", "bandwidth": 1.0},
    **{"norm": 0.0, "breadth_first": True},
}

WRONG: list[tuple[str, tuple[ValueType, ...], ValueType, dict[str, Any]]] = [
    ("nearest:Nearest", (F3,), dense("i64", 4), {"count": 4, "limit": 1.0}),
    ("nearest:Nearest", (F3,), I2, {"count": 3, "limit": 1.0}),
    ("nearest:Nearest", (F3,), dense("i64", 0), {"count": 0, "limit": 1.0}),
    ("nearest:Nearest", (I3,), I2, {"count": 2, "limit": 1.0}),
    ("nearest:Nearest", (F3,), F2, {"count": 2, "limit": 1.0}),
    ("tree:NearestInTree", (F3,), I2, TREE | {"count": 5}),
    ("tree:NearestInTree", (F3,), dense("i64", 0), TREE | {"count": 0}),
    ("tree:NearestInTree", (F2,), I2, TREE),
    ("tree:NearestInTree", (F3,), I2, TREE | {"order": np.array([0, 1, 2, 4])}),
    ("tree:NearestInTree", (F3,), I2, TREE | {"order": np.arange(3)}),
    ("tree:NearestInTree", (F3,), I2, TREE | {"spans": np.array([[0, 5]])}),
    ("tree:NearestInTree", (F3,), I2, TREE | {"spans": np.array([[-1, 4]])}),
    ("tree:NearestInTree", (F3,), I2, TREE | {"spans": np.zeros((0, 2), np.int64)}),
    ("tree:NearestInTree", (F3,), I2, TREE | {"low": np.ones((2, 3))}),
    ("tree:NearestInTree", (F3,), I2, TREE | {"high": np.ones(2)}),
    ("tree:NearestInTree", (F3,), I2, TREE | {"metric": "cosine"}),
    ("density:TreeDensity", (F2,), dense("f64"), DENSITY),
    ("density:TreeDensity", (F3,), F3, DENSITY),
    ("density:TreeDensity", (F3,), dense("f64"), DENSITY | {"spans": np.array([[0, 5]])}),
    ("density:TreeDensity", (F3,), dense("f64"), DENSITY | {"spans": np.zeros((0, 2), np.int64)}),
    ("density:TreeDensity", (F3,), dense("f64"), DENSITY | {"masses": np.ones(2)}),
    ("density:TreeDensity", (F3,), dense("f64"), DENSITY | {"log_weights": np.ones(3)}),
    ("density:TreeDensity", (F3,), dense("f64"), DENSITY | {"high": np.ones(2)}),
    ("density:TreeDensity", (F3,), dense("f64"), DENSITY | {"kernel": "cauchy"}),
    ("density:TreeDensity", (F3,), dense("f64"), DENSITY | {"metric": "cosine"}),
    ("gather:Gather", (F3, I2), F3, {}),
    ("gather:Gather", (F3, F2), F2, {}),
    ("gather:Gather", (F3, I2), dense("f32", 2), {}),
    ("gather:Gather", (F3,), F2, {}),
    ("gather:Blend", (I2,), F2, {"table": np.ones((3, 2)), "form": "min"}),
    ("gather:Scatter", (I2, F2, F2), sparse("f64", 9), {"width": 9}),
    ("barycenter:Barycenter", (F3,), F2, {"rows": np.ones((4, 3)), "regularization": 0.1}),
    ("gather:Blend", (I2, F3), dense("f64"), {"table": np.ones(3), "form": "sum"}),
    ("gather:Blend", (I2, F2), F3, {"table": np.ones((3, 2)), "form": "sum"}),
    ("gather:Blend", (I2, F2), F2, {"table": np.ones((3, 2)), "form": "max"}),
    ("gather:Blend", (F2, F2), F2, {"table": np.ones((3, 2)), "form": "min"}),
    ("gather:Scatter", (I2, F3), sparse("f64", 9), {"width": 9}),
    ("gather:Scatter", (I2, F2), sparse("f64", 9), {"width": 10}),
    ("gather:Scatter", (I2, F2), sparse("f32", 9), {"width": 9}),
    ("gather:Scatter", (I2, F2), dense("f64", 9), {"width": 9}),
    ("barycenter:Barycenter", (F3, I2), F3, {"rows": np.ones((4, 3)), "regularization": 0.1}),
    ("barycenter:Barycenter", (F3, I2), F2, {"rows": np.ones((4, 2)), "regularization": 0.1}),
    ("barycenter:Barycenter", (F3, F2), F2, {"rows": np.ones((4, 3)), "regularization": 0.1}),
]


@pytest.mark.parametrize("target, inputs, output, values", WRONG)
def test_arguments_that_do_not_fit_are_rejected(
    target: str, inputs: tuple[ValueType, ...], output: ValueType, values: dict[str, Any]
) -> None:
    module, name = target.split(":")
    kernel = getattr(importlib.import_module(f"pretzel.kernels.neighbors.{module}"), name)
    with pytest.raises((ValueError, LookupError)):
        kernel(inputs, output, **values)


@pytest.mark.parametrize("order", [[0, 1, 2, 4], [0, 1, 2, -1]])
def test_an_order_with_positions_out_of_range_is_rejected_before_the_layout(order: list[int]) -> None:
    arrays = {name: Parameter.of(value) for name, value in TREE.items() if isinstance(value, np.ndarray)}
    arrays["order"] = Parameter.of(np.array(order))
    with pytest.raises(DefinitionError, match=r"order: expected positions in 0\.\.3"):
        ops.NearestInTree(ops.Input("x", "f64[3]"), **arrays, count=2, metric="squares")


SPANS = np.array([[0, 4], [0, 2], [2, 4]])
INVALID: list[tuple[str, dict[str, Any]]] = [
    ("metric: expected one of .* got 'cosine'", {"metric": "cosine"}),
    ("kernel: expected one of .* got 'cauchy'", {"kernel": "cauchy"}),
    ("bandwidth: expected a finite number above zero, got 0", {"bandwidth": 0.0}),
    ("p: expected a finite number above zero, got nan", {"p": float("nan")}),
    ("total: expected a finite number, 0 or more, got -1", {"total": -1.0}),
    ("rows: expected f64", {"rows": np.ones((4, 3), np.float32)}),
    ("spans: expected .0, 4. first", {"spans": SPANS * [[1, 1], [1, 1], [1, 2]]}),
    ("the children of node 0 do not split its rows", {"spans": np.array([[0, 4], [0, 4], [0, 4]])}),
    ("the children of node 0 do not split its rows", {"spans": np.array([[0, 4], [0, 0], [1, 4]])}),
]


def tree_density(**changed: Any) -> ops.TreeDensity:
    corners = {"low": np.zeros((3, 3)), "high": np.ones((3, 3)), "masses": np.array([4.0, 2.0, 2.0]), "spans": SPANS}
    fields = {
        name: Parameter.of(value) if isinstance(value, np.ndarray) else value
        for name, value in (DENSITY | corners | changed).items()
    }
    return ops.TreeDensity(ops.Input("x", "f64[3]"), **fields)


def test_a_valid_tree_of_densities() -> None:
    assert tree_density().type == dense("f64")


@pytest.mark.parametrize("problem, changed", INVALID)
def test_an_invalid_tree_of_densities_is_rejected(problem: str, changed: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match=problem):
        tree_density(**changed)
