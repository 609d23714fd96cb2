"""Bit vectors: the same bits as the walk, whatever the forest and the rows; invalid layouts are rejected."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pretzel.engine.bindings import lower
from pretzel.engine.bindings.bit_forest import MOST_LEAVES, is_bit_forest, is_bit_forest_of_sets, lay_out_bits
from pretzel.engine.bindings.trees import lay_out_forest
from pretzel.kernels.frame import Workspace
from pretzel.kernels.program import Program
from pretzel.kernels.trees.bits import BitForest
from pretzel.kernels.trees.ensemble import TreeEnsemble
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference import REFERENCES
from tests.helpers.examples import drawing
from tests.ops.cases import tree_ensemble

Layout = dict[str, np.ndarray]
ROWS = [1, 4, 27, 31, 32, 33, 64, 100, 129, 1023, 1024, 1057]


def run(kernel: type, node: ops.TreeEnsemble, layout: Layout, x: np.ndarray) -> np.ndarray:
    built = kernel((node.x.type,), node.type, aggregate=node.aggregate, **layout)
    program = Program([node.x.type, node.type], 1, [(built, [0], 1)], [1], len(x))
    result: np.ndarray = program.run(Workspace(), [np.ascontiguousarray(x)], len(x))[0]
    return result


def laid_out(derive: Any, node: ops.TreeEnsemble) -> Layout:
    return {name: parameter.array.copy() for name, parameter in derive(node).items()}


def assert_as_walked(node: ops.TreeEnsemble, x: np.ndarray) -> None:
    walked = run(TreeEnsemble, node, laid_out(lay_out_forest, node), x)
    compared = run(BitForest, node, laid_out(lay_out_bits, node), x)
    np.testing.assert_array_equal(compared.view(np.uint8), walked.view(np.uint8))


def is_bits(node: ops.TreeEnsemble) -> bool:
    return is_bit_forest(node) or is_bit_forest_of_sets(node)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_bits_agree_with_the_walk(data: st.DataObject) -> None:
    node, columns = data.draw(tree_ensemble.strategy().filter(lambda drawn: is_bits(drawn[0])))
    x = columns["x"][np.arange(data.draw(st.sampled_from(ROWS))) % len(columns["x"])]
    assert_as_walked(node, x)


def grown(leaves: int, trees: int, width: int, kind: str = "f64", ways: tuple[bool, ...] = (True,)) -> ops.TreeEnsemble:
    """Trees with so many leaves each, split at random, with thresholds that are all different."""
    rng = np.random.default_rng(leaves * trees + width)
    nodes: list[list[int]] = []
    roots, leaf = [], 0
    for _ in range(trees):
        roots.append(len(nodes))
        open_leaves = [len(nodes)]
        nodes.append([-1, 0])
        while len(open_leaves) < leaves:
            at = open_leaves.pop(rng.integers(len(open_leaves)))
            nodes[at] = [len(nodes), len(nodes) + 1]
            open_leaves += nodes[at]
            nodes += [[-1, 0], [-1, 0]]
        for at in open_leaves:
            nodes[at][1], leaf = leaf, leaf + 1
    left, right = np.array(nodes, np.int32).T
    count = len(nodes)
    arrays = {
        "roots": np.array(roots, np.int32),
        "feature": rng.integers(0, width, count).astype(np.int32),
        "threshold": rng.standard_normal(count),
        "left": left,
        "right": right,
        "missing_left": rng.choice(ways, count),
        "leaves": rng.standard_normal(leaf),
        "base": rng.standard_normal(1),
    }
    return ops.TreeEnsemble(ops.Input("x", f"{kind}[{width}]"), **{n: Parameter.of(a) for n, a in arrays.items()})


def rows_near(node: ops.TreeEnsemble, count: int) -> np.ndarray:
    """Rows of thresholds, of their neighbours, and of odd values."""
    rng = np.random.default_rng(count)
    at = rng.choice(node.threshold.array, (count, node.x.type.columns)).astype(node.x.type.numpy)
    at = np.nextafter(at, rng.choice([-np.inf, np.inf], at.shape).astype(at.dtype))
    exact = rng.choice(node.threshold.array, at.shape).astype(at.dtype)
    odd = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, 1e-45], at.shape).astype(at.dtype)
    return np.choose(rng.choice(3, at.shape, p=[0.4, 0.4, 0.2]), [at, exact, odd])


@pytest.mark.parametrize("leaves", [1, 2, 8, 9, 16, 17, 32, 33, 63, 64, 65, 128, 200, 256])
@pytest.mark.parametrize("kind", ["f32", "f64"])
def test_trees_of_every_size(leaves: int, kind: str) -> None:
    node = grown(leaves, 70, 5, kind, (True, False))
    for rows in (3, 160):
        assert_as_walked(node, rows_near(node, rows))


@pytest.mark.parametrize("cuts", [1, 7, 15, 16, 17, 31, 32, 33, 48, 49, 63, 64, 80, 81, 254, 255])
@pytest.mark.parametrize("kind", ["f32", "f64"])
def test_ranks_among_few_and_many_cuts(cuts: int, kind: str) -> None:
    """Below some number of cuts all are counted, above it a part is searched; the number depends on the level."""
    node = grown(cuts + 1, 1, 1, kind, (cuts % 2 == 0,))
    for rows in (2, 63, 161):
        assert_as_walked(node, rows_near(node, rows))


@pytest.mark.parametrize("width", [1, 15, 16, 17, 40, 64, 65, 200])
def test_few_and_many_columns(width: int) -> None:
    node = grown(20, 40, width)
    for rows in (3, 70):
        assert_as_walked(node, rows_near(node, rows))


def test_a_feature_of_thousands_of_thresholds_has_several_columns() -> None:
    node = grown(64, 100, 1)
    assert is_bit_forest(node)
    assert len(laid_out(lay_out_bits, node)["columns"]) == -(-100 * 63 // 255)
    for rows in (2, 300):
        assert_as_walked(node, rows_near(node, rows))


def test_other_forests_are_walked() -> None:
    assert lower(grown(MOST_LEAVES, 3, 4)).kernel == "trees.bits"
    assert lower(grown(MOST_LEAVES + 1, 3, 4)).kernel == "trees"
    assert lower(grown(40, 300, 260)).kernel == "trees"


def test_the_layout_is_the_same_each_time() -> None:
    first, second = (lay_out_bits(grown(30, 20, 4)) for _ in range(2))
    assert {name: p.digest for name, p in first.items()} == {name: p.digest for name, p in second.items()}


INVALID = {
    "columns: one leads out": [("columns", (0, 0), 3), ("columns", (0, 1), 1 << 20), ("columns", (0, 3), 2)],
    "columns: expected": [
        ("columns", None, np.zeros((257, 4), np.uint32)),
        ("columns", None, np.zeros((1, 3), np.uint32)),
    ],
    "cuts: expected": [("cuts", None, np.zeros(3, np.float32))],
    "rounds: expected": [("rounds", (0, 0, 5), 9), ("rounds", None, np.zeros((2, 4, 16), np.uint8))],
    "starts: expected": [("starts", -1, 1 << 20), ("starts", 0, 1000), ("starts", None, np.zeros(1, np.uint32))],
    "counts: a lane": [("counts", (0, 0, 0, 0), 200), ("counts", (0, 1, 0, 0), 200)],
    "counts: 3 groups of trees of": [("counts", None, np.zeros((3, 2, 8, 4), np.uint8))],
    "first: leads out": [("first", -1, 1 << 20)],
    "first: expected": [("first", None, np.zeros((10, 1), np.uint32))],
    "leaves, base": [("base", None, np.zeros(2)), ("leaves", None, np.zeros(400, np.float32))],
    "group: expected": [("group", None, np.full(10, 1, np.int32)), ("group", None, np.zeros(9, np.int32))],
}


def damage(layout: dict[str, Any], name: str, at: Any, value: Any) -> None:
    """Put a value into an array of a layout, or replace the array if ``at`` is None."""
    if at is None:
        layout[name] = value
    else:
        layout[name][at] = value


def scribble(data: st.DataObject, layout: dict[str, Any], *names: str) -> None:
    """Write arbitrary bits into a few places of these arrays."""
    for _ in range(data.draw(st.integers(1, 4))):
        array = layout[data.draw(st.sampled_from(names))]
        cells = array.reshape(-1).view(f"u{array.dtype.itemsize}")
        small = st.integers(0, 9) | st.integers(0, int(np.iinfo(cells.dtype).max))
        cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(small)


@pytest.mark.parametrize(
    ("problem", "name", "at", "value"), [(p, *one) for p, values in INVALID.items() for one in values]
)
def test_an_invalid_layout_is_rejected(problem: str, name: str, at: Any, value: Any) -> None:
    node = grown(20, 10, 3)
    layout = laid_out(lay_out_bits, node)
    damage(layout, name, at, value)
    with pytest.raises(ValueError, match=problem):
        run(BitForest, node, layout, rows_near(node, 3))


@cache
def a_forest() -> tuple[ops.TreeEnsemble, Layout]:
    """Return a forest and its layout."""
    node = grown(20, 10, 3)
    return node, laid_out(lay_out_bits, node)


@drawing(300)
@given(data=st.data())
def test_no_bytes_lead_out_of_bounds(data: st.DataObject) -> None:
    node, sound = a_forest()
    layout = {name: array.copy() for name, array in sound.items()}
    scribble(data, layout, "columns", "rounds", "starts", "counts", "first")
    for rows in (2, 40):
        try:
            got = run(BitForest, node, layout, rows_near(node, rows))
        except ValueError:
            return
        assert (np.abs(got) <= np.abs(node.base.array) + 10 * np.abs(layout["leaves"]).max()).all()


def test_the_reference_agrees_over_classes_means_and_tables_of_leaves() -> None:
    plain = grown(12, 9, 3)
    tables = {
        "group": {"group": Parameter.of(np.arange(9, dtype=np.int32) % 3), "base": Parameter.of(np.arange(3.0))},
        "k": {"leaves": Parameter.of(np.arange(12.0 * 9 * 2).reshape(-1, 2)), "base": Parameter.of(np.ones(2))},
        "mean": {"aggregate": "mean"},
    }
    x = rows_near(plain, 40)
    for changes in tables.values():
        node = ops.TreeEnsemble(plain.x, **(dict(plain.parameters) | changes))
        assert lower(node).kernel == "trees.bits"
        want = REFERENCES[ops.TreeEnsemble](node, x)
        np.testing.assert_array_equal(run(BitForest, node, laid_out(lay_out_bits, node), x), want)
        np.testing.assert_array_equal(run(BitForest, node, laid_out(lay_out_bits, node), x[:2]), want[:2])
