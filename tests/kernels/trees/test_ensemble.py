"""The tree kernel: invalid layouts are rejected, and sizes at both ends are served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.engine.bindings.trees import lay_out_forest
from pretzel.errors import DefinitionError
from pretzel.kernels.frame import Workspace
from pretzel.kernels.program import Program
from pretzel.kernels.trees.ensemble import TreeEnsemble
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference import REFERENCES
from tests.helpers.examples import drawing

WIDTH = 3


def forest(**changes: Any) -> ops.TreeEnsemble:
    """Two trees, one with three leaves and one of categories; and room for the values that tests write."""
    arrays = {
        "roots": np.array([0, 5], np.int32),
        "feature": np.array([0, 0, 2, 0, 0, 1, 0, 0], np.int32),
        "threshold": np.array([0.5, 0, -1, 0, 0, 0, 0, 0]),
        "left": np.array([1, -1, 3, -1, -1, 6, -1, -1], np.int32),
        "right": np.array([2, 0, 4, 1, 2, 7, 3, 4], np.int32),
        "missing_left": np.array([True, False, False, False, False, True, False, False]),
        "leaves": np.array([1.0, 2.0, 4.0, 8.0, 16.0]),
        "base": np.zeros(1),
        "categories": np.array([0b1010, 0b1], np.uint32),
        "category_range": np.array([[0, 0]] * 5 + [[0, 2]] + [[0, 0]] * 2, np.int32),
    } | changes
    return ops.TreeEnsemble(ops.Input("x", f"f64[{WIDTH}]"), **{name: Parameter.of(a) for name, a in arrays.items()})


def laid_out(node: ops.TreeEnsemble) -> dict[str, np.ndarray]:
    return {name: parameter.array.copy() for name, parameter in lay_out_forest(node).items()}


def run(node: ops.TreeEnsemble, layout: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    kernel = TreeEnsemble((node.x.type,), node.type, aggregate="sum", **layout)
    program = Program([node.x.type, node.type], 1, [(kernel, [0], 1)], [1], 64)
    result: np.ndarray = program.run(Workspace(), [np.ascontiguousarray(x)], len(x))[0]
    return result


ROWS = np.random.default_rng(0).choice([0.5, -1.0, 3.0, 32.0, 65.0, np.nan, -0.5, np.inf], (200, WIDTH))


def test_the_layout_agrees_with_the_operator() -> None:
    node = forest()
    np.testing.assert_array_equal(run(node, laid_out(node), ROWS), REFERENCES[ops.TreeEnsemble](node, ROWS))


INVALID = {
    "a child before its parent": ("nodes", (2, 3), 0),
    "a child beyond the last node": ("nodes", (0, 3), 7),
    "an inner node that is its own child": ("nodes", (0, 3), 0),
    "a feature beyond the row": ("nodes", (0, 2), 8 * WIDTH),
    "a feature between two values": ("nodes", (0, 2), 3),
    "a leaf beyond the table": ("nodes", (1, 0), 5),
    "a leaf whose threshold is a number": ("nodes", (1, 1), 0),
    "a leaf that a NaN leaves": ("missing_right", (1,), 1),
    "an invalid direction": ("missing_right", (0,), 2),
    "a root beyond the last node": ("roots", (1,), 8),
    "a set beyond the words": ("category_range", (5, 1), 3),
    "a set before the words": ("category_range", (5, 0), -1),
    "a leaf that has a set": ("category_range", (6, 1), 1),
}


@pytest.mark.parametrize("case", INVALID)
def test_an_invalid_layout_is_rejected(case: str) -> None:
    node, (name, at, value) = forest(), INVALID[case]
    layout = laid_out(node)
    layout[name][at] = value
    with pytest.raises(ValueError, match=f"{name}"):
        run(node, layout, ROWS)


@pytest.mark.parametrize("name", ["nodes", "missing_right", "category_range", "leaves", "base"])
def test_arrays_of_another_length_are_rejected(name: str) -> None:
    node = forest()
    layout = laid_out(node)
    layout[name] = np.concatenate([layout[name], layout[name][:1]]) if name == "base" else layout[name][:-1]
    with pytest.raises(ValueError, match=r"nodes|missing_right|category_range|leaves"):
        run(node, layout, ROWS)


@drawing(300)
@given(data=st.data())
def test_no_bytes_lead_out_of_bounds(data: st.DataObject) -> None:
    node = forest()
    layout = laid_out(node)
    for _ in range(data.draw(st.integers(1, 4))):
        name = data.draw(st.sampled_from(["nodes", "missing_right", "roots", "categories", "category_range"]))
        cells = layout[name].reshape(-1).view(f"u{layout[name].dtype.itemsize}")
        small = st.integers(0, 9) | st.integers(0, int(np.iinfo(cells.dtype).max))
        cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(small)
    try:
        got = run(node, layout, ROWS)
    except ValueError:
        return
    assert np.isin(got, [a + b for a in node.leaves.array for b in node.leaves.array]).all()


BROKEN = {
    "child does not come after": {"left": np.array([1, -1, 3, -1, -1, 2, -1, -1], np.int32)},
    "left: expected a child, or -1": {"left": np.array([1, -9, 3, -1, -1, 6, -1, -1], np.int32)},
    "child is beyond": {"right": np.array([2, 0, 4, 1, 2, 8, 3, 4], np.int32)},
    "two parents": {"right": np.array([2, 0, 3, 1, 2, 7, 3, 4], np.int32)},
    "feature: expected": {"feature": np.array([0, 0, WIDTH, 0, 0, 1, 0, 0], np.int32)},
    "refers to no row": {"leaves": np.zeros(4)},
    "roots: expected 0": {"roots": np.array([0, 8], np.int32)},
    "base: expected": {"base": np.zeros(2)},
    "group: expected 0": {"group": np.array([0, 1], np.int32)},
    "a set is beyond": {"categories": np.zeros(1, np.uint32)},
    "missing_left: expected bool": {"missing_left": np.zeros(7, bool)},
    "threshold: expected floats": {"threshold": np.zeros(8, np.int64)},
}


@pytest.mark.parametrize("problem", BROKEN)
def test_an_invalid_operator_is_rejected(problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        forest(**BROKEN[problem])


def plain(roots: np.ndarray, left: np.ndarray, right: np.ndarray) -> ops.TreeEnsemble:
    """Trees over one feature whose node i compares with i, and whose leaves count."""
    nodes = len(left)
    inner = left >= 0
    arrays = {
        "roots": roots.astype(np.int32),
        "feature": np.zeros(nodes, np.int32),
        "threshold": np.arange(nodes, dtype=float),
        "left": left.astype(np.int32),
        "right": np.where(inner, right, np.cumsum(~inner) - 1).astype(np.int32),
        "missing_left": np.zeros(nodes, bool),
        "leaves": np.arange(nodes, dtype=float)[~inner],
        "base": np.zeros(1),
    }
    return ops.TreeEnsemble(ops.Input("x", "f64[1]"), **{name: Parameter.of(a) for name, a in arrays.items()})


def test_a_chain_of_a_hundred_thousand_nodes() -> None:
    at = np.arange(50_000) * 2
    left, right = np.full(100_001, -1), np.zeros(100_001, int)
    left[at], right[at] = at + 1, at + 2  # a leaf to the left, the chain to the right
    node = plain(np.array([0]), left, right)
    x = np.array([[-1.0], [0.0], [1e4], [99_997.5], [1e9], [np.nan]])
    want = [1.0, 1.0, 10_001.0, 99_999.0, 100_000.0, 100_000.0]
    for rows in (x, np.repeat(x, 7, axis=0)):
        np.testing.assert_array_equal(run(node, laid_out(node), rows)[:: len(rows) // 6], want)


def test_ten_thousand_trees() -> None:
    roots = np.arange(10_000) * 3
    left = np.full(30_000, -1)
    left[roots] = roots + 1
    node = plain(roots, left, left + 1)
    x = np.random.default_rng(0).uniform(0, 30_000, (40, 1))
    want = np.zeros(40)
    for root in roots:
        want += np.where(x[:, 0] <= root, root + 1, root + 2)
    layout = laid_out(node)
    np.testing.assert_array_equal(run(node, layout, x), want)
    np.testing.assert_array_equal(run(node, layout, x[:1]), want[:1])
