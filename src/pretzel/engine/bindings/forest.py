"""Common steps of all forest layouts: the levels, and thresholds in the type of the input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pretzel.plan import ops


@dataclass(frozen=True)
class Compared:
    """The nodes of a forest normalized for kernels: a value goes left if and only if it is ``<= threshold``.

    Thresholds are moved to the neighbouring value in the type of x that decides equally.  A node that never goes left
    has its children swapped and an infinite threshold, which no value exceeds.
    """

    left: np.ndarray
    right: np.ndarray
    threshold: np.ndarray
    missing_right: np.ndarray

    @classmethod
    def of(cls, forest: ops.TreeEnsemble) -> Compared:
        """Return the nodes in the order of the forest; at leaves, ``left`` and ``right`` are the forest's."""
        left, right, inner = forest.left.array, forest.right.array, forest.left.array >= 0
        near, never = _thresholds(forest)
        return cls(
            np.where(never, right, left),
            np.where(never, left, right),
            np.where(never, np.inf, near).astype(near.dtype),
            inner & (forest.missing_left.array == never),
        )


def _thresholds(forest: ops.TreeEnsemble) -> tuple[np.ndarray, np.ndarray]:
    """Return per node the t in x's type such that ``x <= t`` goes left, and a mask of nodes that never go left."""
    exact = forest.threshold.array.astype(np.float64)
    with np.errstate(over="ignore"):
        near = exact.astype(forest.x.type.numpy)
        above = near.astype(np.float64) >= exact if forest.strict else near.astype(np.float64) > exact
        near = np.where(above, np.nextafter(near, near.dtype.type(-np.inf)), near)
    never = np.isnan(exact) | (forest.strict & (exact == -np.inf))
    return near, never & (forest.left.array >= 0) & (category_range(forest)[:, 1] == 0)


def category_range(forest: ops.TreeEnsemble) -> np.ndarray:
    """Return the range of words of each inner node's set; empty for a node without a set."""
    if forest.category_range is None:
        return np.zeros((len(forest.feature), 2), np.int32)
    return np.where(forest.left.array[:, None] >= 0, forest.category_range.array, np.int32(0))


def levels(roots: np.ndarray, left: np.ndarray, right: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the nodes of all trees level by level, siblings adjacent, with the tree of each."""
    level, tree = roots.astype(np.int64), np.arange(len(roots))
    while len(level):
        yield level, tree
        inner = left[level] >= 0
        level, tree = level[inner], tree[inner]
        level, tree = np.column_stack([left[level], right[level]]).ravel(), np.repeat(tree, 2)
