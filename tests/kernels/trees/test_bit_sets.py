"""Bit vectors of forests that split categories: the same bits as the walk; invalid layouts are rejected."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.engine.bindings import lower
from pretzel.engine.bindings.bit_forest import MOST_MARKS, lay_out_bits
from pretzel.kernels.trees.bits import BitForest
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference import REFERENCES
from tests.kernels.trees.test_bits import assert_as_walked, damage, grown, laid_out, run, scribble


def split(plain: ops.TreeEnsemble, words: int, share: float = 0.6) -> ops.TreeEnsemble:
    """The same trees, a share of whose nodes split categories: at most as many as so many words hold."""
    rng = np.random.default_rng(words)
    count = len(plain.feature)
    own = np.where(rng.random(count) < share, rng.integers(1, words + 1, count), 0)
    ranges = np.column_stack([np.cumsum(own) - own, own]).astype(np.int32)
    bits = rng.integers(0, 2**32, max(own.sum(), 1), dtype=np.uint32)
    sets = {"categories": Parameter.of(bits), "category_range": Parameter.of(ranges)}
    return ops.TreeEnsemble(plain.x, **(dict(plain.parameters) | sets))


def rows_of(node: ops.TreeEnsemble, count: int) -> np.ndarray:
    """Rows of categories within every set, at its end and beyond, and of odd values."""
    rng = np.random.default_rng(count)
    assert node.category_range is not None
    shape, most = (count, node.x.type.columns), 32 * int(node.category_range.array[:, 1].max()) + 2
    integers = rng.integers(-2, most, shape).astype(np.float64)
    odd = rng.choice([np.nan, np.inf, -np.inf, -0.0, -0.5, -0.999, -1.0, 0.999, 31.999, 1e300, 5e-324], shape)
    numbers = rng.standard_normal(shape)
    with np.errstate(over="ignore"):
        return np.choose(rng.choice(3, shape, p=[0.6, 0.2, 0.2]), [integers, odd, numbers]).astype(node.x.type.numpy)


@pytest.mark.parametrize("words", [1, 2, 9])
@pytest.mark.parametrize("leaves", [2, 8, 20, 63])
@pytest.mark.parametrize("kind", ["f32", "f64"])
def test_forests_of_sets_agree_with_the_walk(words: int, leaves: int, kind: str) -> None:
    node = split(grown(leaves, 70, 5, kind, (True, False)), words)
    assert lower(node).kernel == "trees.bits.sets"
    for rows in (1, 3, 40, 160):
        assert_as_walked(node, rows_of(node, rows))


@pytest.mark.parametrize("share", [0.05, 1.0])
def test_few_and_many_nodes_that_split_categories(share: float) -> None:
    node = split(grown(30, 40, 12), 2, share)
    for rows in (2, 1100):
        assert_as_walked(node, rows_of(node, rows))


def test_equal_sets_share_a_mark() -> None:
    plain = grown(9, 30, 1, ways=(True,))
    inner = (plain.left.array >= 0).astype(np.int32)
    sets = {
        "categories": Parameter.of(np.array([0b1010], np.uint32)),
        "category_range": Parameter.of(np.column_stack([np.zeros_like(inner), inner])),
    }
    node = ops.TreeEnsemble(plain.x, **(dict(plain.parameters) | sets))
    layout = laid_out(lay_out_bits, node)
    np.testing.assert_array_equal(layout["sets"], [[0, 0, 4, 1, 0]])
    marks = [int(mark) & 0b11 for mark in layout["marks"]]
    # left, right, left, right of 1 and 3 that go left; then a value outside the categories, and NaN, which goes left
    assert marks in ([0b01, 0b10, 0b01, 0b10, 0b01, 0b10], [0b10, 0b01, 0b10, 0b01, 0b10, 0b01])
    assert_as_walked(node, rows_of(node, 64))


def test_forests_with_too_many_sets_are_walked() -> None:
    assert lower(split(grown(63, 40, 5), MOST_MARKS // 63 // 40 // 4 + 1, 1.0)).kernel == "trees"
    assert lower(split(grown(200, 40, 5), 1)).kernel == "trees"  # more sets than columns have room for
    plain = grown(8, 3, 4)
    none = {
        "categories": Parameter.of(np.zeros(1, np.uint32)),
        "category_range": Parameter.of(np.zeros((len(plain.feature), 2), np.int32)),
    }
    assert lower(ops.TreeEnsemble(plain.x, **(dict(plain.parameters) | none))).kernel == "trees.bits"


def test_the_reference_agrees_over_classes_and_means() -> None:
    node = split(grown(12, 9, 3), 1)
    three = {"group": Parameter.of(np.arange(9, dtype=np.int32) % 3), "base": Parameter.of(np.arange(3.0))}
    x = rows_of(node, 40)
    for changes in (three, {"aggregate": "mean"}):
        changed = ops.TreeEnsemble(node.x, **(dict(node.parameters) | changes))
        want = REFERENCES[ops.TreeEnsemble](changed, x)
        np.testing.assert_array_equal(run(BitForest, changed, laid_out(lay_out_bits, changed), x), want)


INVALID: list[tuple[str, str, Any, Any]] = [
    ("sets: one leads out", "sets", (0, 0), 3),
    ("sets: one leads out", "sets", (0, 1), 1 << 20),
    ("sets: one leads out", "sets", (0, 2), 1 << 31),
    ("sets: one leads out", "sets", (0, 3), 255),
    ("sets: one leads out", "sets", (0, 4), 256),
    ("sets: expected", "sets", None, np.zeros((2, 4), np.uint32)),
    ("marks: expected", "marks", None, np.zeros((2, 4), np.uint8)),
    ("unit_sets: expected to ascend", "unit_sets", -1, 1000),
    ("unit_sets: expected to ascend", "unit_sets", 0, 100),
    ("unit_sets: expected uint32", "unit_sets", None, np.zeros(1, np.uint32)),
    ("rounds: expected columns", "rounds", (0, 0, 5), 255),
    ("counts: expected", "counts", None, np.zeros((5, 2, 8, 4), np.uint8)),
    ("counts: a lane", "counts", (0, 2, 0, 0), 200),
]


@pytest.mark.parametrize(("problem", "name", "at", "value"), INVALID)
def test_an_invalid_layout_is_rejected(problem: str, name: str, at: Any, value: Any) -> None:
    node = split(grown(20, 40, 3), 1)
    layout = laid_out(lay_out_bits, node)
    damage(layout, name, at, value)
    with pytest.raises(ValueError, match=problem):
        run(BitForest, node, layout, rows_of(node, 3))


@cache
def a_forest() -> tuple[ops.TreeEnsemble, dict[str, np.ndarray]]:
    """Return a forest and its layout."""
    node = split(grown(20, 40, 3), 2)
    return node, laid_out(lay_out_bits, node)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_bytes_lead_out_of_bounds(data: st.DataObject) -> None:
    node, sound = a_forest()
    layout = {name: array.copy() for name, array in sound.items()}
    scribble(data, layout, "sets", "marks", "unit_sets", "rounds", "counts")
    for rows in (2, 40):
        try:
            got = run(BitForest, node, layout, rows_of(node, rows))
        except ValueError:
            return
        assert (np.abs(got) <= np.abs(node.base.array) + 40 * np.abs(layout["leaves"]).max()).all()
