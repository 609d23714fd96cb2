"""The kernel of contributions: invalid layouts, deep trees, and quadrature rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial.legendre import leggauss

from pretzel.engine.bindings.contributions import lay_out_contributions, rule
from pretzel.errors import DefinitionError
from pretzel.kernels.frame import Workspace
from pretzel.kernels.program import Program
from pretzel.kernels.trees.contributions import TreeContributions
from pretzel.plan import ops
from pretzel.plan.ops.contributions import MOST_DEPTH
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference import REFERENCES
from tests.helpers.examples import drawing
from tests.kernels.trees.test_ensemble import ROWS, WIDTH, forest

COVER = np.array([10, 4, 6, 1, 5, 8, 3, 5], np.float32)


def contributions(cover: np.ndarray = COVER, **changes: Any) -> ops.TreeContributions:
    """The two trees of the tests of the tree kernel, with covers."""
    trees = forest()
    shared = {name: getattr(trees, name) for name in ops.TreeEnsemble.fields if name != "base"}
    fields: dict[str, Any] = {"bias": Parameter.of(np.array([0.5])), "width": WIDTH}
    return ops.TreeContributions(**(shared | fields | changes), cover=Parameter.of(cover))


def laid_out(node: ops.TreeContributions) -> dict[str, np.ndarray]:
    return {name: parameter.array.copy() for name, parameter in lay_out_contributions(node).items()}


def run(node: ops.TreeContributions, layout: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    kernel = TreeContributions(
        (node.x.type,), node.type, aggregate=node.aggregate, interactions=node.interactions, width=node.width, **layout
    )
    program = Program([node.x.type, node.type], 1, [(kernel, [0], 1)], [1], 64)
    result: np.ndarray = program.run(Workspace(), [np.ascontiguousarray(x)], len(x))[0]
    return result


def test_values_add_up_to_the_sum_of_the_leaves() -> None:
    node = contributions()
    trees = forest()
    bias = _mean(trees, 0) + _mean(trees, 5)
    node = node.replace(bias=Parameter.of(np.array([bias])))
    want = REFERENCES[ops.TreeEnsemble](trees, ROWS)
    np.testing.assert_allclose(run(node, laid_out(node), ROWS).sum(axis=1), want, rtol=1e-12)


def _mean(trees: ops.TreeEnsemble, at: int) -> float:
    left, right = int(trees.left.array[at]), int(trees.right.array[at])
    if left < 0:
        return float(trees.leaves.array[right])
    cover = COVER.tolist()
    return (cover[left] * _mean(trees, left) + cover[right] * _mean(trees, right)) / cover[at]


@pytest.mark.parametrize("interactions", [False, True])
def test_a_row_has_the_same_bits_alone_and_among_others(interactions: bool) -> None:
    node = contributions(interactions=interactions)
    layout = laid_out(node)
    together = run(node, layout, ROWS)
    for rows in (1, 3, 4, 17):
        np.testing.assert_array_equal(run(node, layout, ROWS[:rows]), together[:rows])


def test_interactions_of_a_row_add_up_to_its_contributions() -> None:
    node, pairs = contributions(), contributions(interactions=True)
    want = run(node, laid_out(node), ROWS)
    matrices = run(pairs, laid_out(pairs), ROWS).reshape(len(ROWS), WIDTH + 1, WIDTH + 1)
    np.testing.assert_allclose(matrices.sum(axis=2), want, atol=1e-13)
    np.testing.assert_array_equal(matrices, matrices.transpose(0, 2, 1))


INVALID = {
    "a child before its parent": ("nodes", (2, 3), 0),
    "a child beyond the last node": ("nodes", (0, 3), 7),
    "a feature beyond the row": ("nodes", (0, 2), 8 * WIDTH),
    "a feature between two values": ("nodes", (0, 2), 3),
    "a leaf beyond the table": ("nodes", (1, 0), 5),
    "an invalid direction": ("missing_right", (0,), 2),
    "a root beyond the last node": ("roots", (1,), 8),
    "a root that has a parent": ("roots", (1,), 2),
    "a root twice": ("roots", (1,), 0),
    "a set beyond the words": ("category_range", (5, 1), 3),
    "a set before the words": ("category_range", (5, 0), -1),
    "a column of no feature": ("features", (1,), WIDTH),
    "a column of a feature before the first": ("features", (1,), -1),
    "a rule without points": ("counts", (0,), 0),
    "a rule beyond the points": ("counts", (0,), 2),
    "a rule with too many points": ("counts", (0,), 65),
}


@pytest.mark.parametrize("case", INVALID)
def test_an_invalid_layout_is_rejected(case: str) -> None:
    node, (name, at, value) = contributions(), INVALID[case]
    layout = laid_out(node)
    layout[name][at] = value
    with pytest.raises(ValueError, match=rf"{name}|points"):
        run(node, layout, ROWS)


@pytest.mark.parametrize("name", ["nodes", "missing_right", "category_range", "leaves", "bias", "cover", "counts"])
def test_arrays_of_another_length_are_rejected(name: str) -> None:
    node = contributions()
    layout = laid_out(node)
    layout[name] = np.concatenate([layout[name], layout[name][:1]]) if name == "bias" else layout[name][:-1]
    with pytest.raises(ValueError, match=r"nodes|missing_right|category_range|leaves|cover|counts|bias"):
        run(node, layout, ROWS)


@drawing(300)
@given(data=st.data())
def test_no_bytes_lead_out_of_bounds(data: st.DataObject) -> None:
    node = contributions(interactions=data.draw(st.booleans()))
    layout = laid_out(node)
    for _ in range(data.draw(st.integers(1, 4))):
        name = data.draw(st.sampled_from(sorted(layout)))
        cells = layout[name].reshape(-1).view(f"u{layout[name].dtype.itemsize}")
        small = st.integers(0, 9) | st.integers(0, int(np.iinfo(cells.dtype).max))
        cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(small)
    try:
        got = run(node, layout, ROWS)
    except ValueError:
        return
    assert got.shape == (len(ROWS), node.type.columns)


BROKEN = {
    "cover: expected finite weights": {"cover": np.where(COVER == 10, 0, COVER)},
    "cover: expected floats of shape": {"cover": COVER[:-1]},
    "bias: expected f64": {"bias": Parameter.of(np.zeros(2))},
    "width: expected at least one": {"width": 0},
    "features: expected i32": {"features": Parameter.of(np.zeros(2, np.int32))},
    "features: expected 0..1": {"width": 2},
    "aggregate: expected sum or mean, got 'median'": {"aggregate": "median"},
    "aggregate: expected sum or mean, got 'each'": {"aggregate": "each"},
    "width: .* features make .* columns": {"width": 1 << 26},
}


@pytest.mark.parametrize("problem", BROKEN)
def test_an_invalid_operator_is_rejected(problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        contributions(**BROKEN[problem])


def chain(depth: int, features: int) -> ops.TreeContributions:
    """A chain that splits the features in turn, with a leaf to the left of each node."""
    nodes = 2 * depth + 1
    at = np.arange(depth) * 2
    left, right, feature = np.full(nodes, -1), np.zeros(nodes, int), np.zeros(nodes, int)
    left[at], right[at], feature[at] = at + 1, at + 2, np.arange(depth) % features
    inner = left >= 0
    arrays = {
        "roots": np.zeros(1, np.int32),
        "feature": feature.astype(np.int32),
        "threshold": np.where(inner, -np.arange(nodes) / nodes, 0.0),
        "left": left.astype(np.int32),
        "right": np.where(inner, right, np.cumsum(~inner) - 1).astype(np.int32),
        "missing_left": np.zeros(nodes, bool),
        "leaves": np.arange(depth + 1, dtype=float),
        "cover": np.arange(nodes, 0, -1) / 2.0,
        "bias": np.zeros(1),
    }
    x = ops.Input("x", f"f64[{features}]")
    return ops.TreeContributions(x, width=features, **{name: Parameter.of(a) for name, a in arrays.items()})


@pytest.mark.parametrize(("depth", "features"), [(1, 1), (40, 40), (128, 128), (MOST_DEPTH, 3), (MOST_DEPTH, 128)])
def test_a_deep_tree_adds_up(depth: int, features: int) -> None:
    node = chain(depth, features)
    x = np.random.default_rng(0).uniform(-1.2, 1.0, (20, features))
    x[0] = 1.0
    values = run(node, laid_out(node), x)
    trees = node.forest
    value = REFERENCES[ops.TreeEnsemble](trees, x)
    expected_value = values.sum(axis=1) - value  # the expected value, which does not depend on the row
    np.testing.assert_allclose(expected_value, expected_value[0], atol=1e-9 * depth)
    np.testing.assert_array_equal(run(node, laid_out(node), x[:1]), values[:1])


@pytest.mark.parametrize(("depth", "features"), [(MOST_DEPTH + 1, 3), (129, 129)])
def test_absurd_paths_are_refused_by_name(depth: int, features: int) -> None:
    with pytest.raises(DefinitionError, match=r"more than \d+ (nodes on a path|features), the limit for contributions"):
        chain(depth, features)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 21, 64])
def test_rules_are_gauss_legendre(count: int) -> None:
    x, weights = leggauss(count)
    np.testing.assert_allclose(rule(count), np.column_stack([(x + 1) / 2, weights / 2]), rtol=1e-12, atol=1e-14)
    t, w = rule(count).T
    powers = np.arange(2 * count)
    np.testing.assert_allclose((w[:, None] * t[:, None] ** powers).sum(axis=0), 1 / (powers + 1), rtol=1e-13)
