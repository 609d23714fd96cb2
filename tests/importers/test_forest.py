"""Trees of all importers, joined into one operator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pretzel.errors import InputError
from pretzel.importers.forest import Trees, joined
from pretzel.plan import ops

X = ops.Input("X", "f32[3]")
VALUES = np.array([0.5, 0.25, -1.0])


def stump(feature: int, leaves: list[int]) -> Trees:
    """Return a tree of one split, whose leaves hold rows of ``VALUES``."""
    return Trees(
        feature=np.array([feature, 0, 0]),
        threshold=np.array([1.5, 0.0, 0.0], np.float32),
        left=np.array([1, -1, -1]),
        right=np.array([2, 0, 0]),
        missing_left=np.array([True, False, False]),
        leaves=np.array([0, *leaves]),
        categories=np.array([feature], np.uint32),
        category_range=np.array([[0, 1], [0, 0], [0, 0]]),
    )


TREES = [stump(0, [0, 1]), stump(1, [2, 0])]


def test_leaves_of_a_table_may_be_shared() -> None:
    separate = joined(X, [replace(tree, leaves=VALUES[tree.leaves]) for tree in TREES])
    shared = joined(X, TREES, table=VALUES)
    assert isinstance(separate, ops.TreeEnsemble) and isinstance(shared, ops.TreeEnsemble)
    assert separate.right.array.tolist() == [2, 0, 1, 5, 2, 3]
    assert shared.right.array.tolist() == [2, 0, 1, 5, 2, 0]
    assert shared.leaves.array.tolist() == VALUES.tolist()


def test_trees_with_roots_join_as_separate_trees_do() -> None:
    first, second = TREES
    whole = Trees(
        feature=np.concatenate([first.feature, second.feature]),
        threshold=np.concatenate([first.threshold, second.threshold]),
        left=np.array([1, -1, -1, 4, -1, -1]),
        right=np.array([2, 0, 0, 5, 0, 0]),
        missing_left=np.concatenate([first.missing_left, second.missing_left]),
        leaves=np.concatenate([first.leaves, second.leaves]),
        categories=np.array([0, 1], np.uint32),
        category_range=np.array([[0, 1], [0, 0], [0, 0], [1, 1], [0, 0], [0, 0]]),
        roots=np.array([0, 3]),
    )
    assert joined(X, [whole], table=VALUES) is joined(X, TREES, table=VALUES)


def test_indices_beyond_32_bits_are_refused() -> None:
    tree = replace(TREES[0], feature=np.array([2**31, 0, 0]))
    with pytest.raises(InputError, match="more than 2\\*\\*31 nodes"):
        joined(X, [tree], table=VALUES)
