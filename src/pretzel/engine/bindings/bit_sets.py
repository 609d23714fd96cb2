"""Lay out the category sets of a forest as marks, for forests in bit vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pretzel.engine.bindings.forest import category_range
from pretzel.plan import ops

UNIT = 32
"""Trees that share columns of marks: as many as the kernel processes before it adds their leaves."""
MARKS = 8
"""Of a column, one bit each."""


@dataclass(frozen=True)
class Sets:
    """The marks of category sets: a bit of a column per distinct set."""

    table: np.ndarray
    """``u32[sets, 5]``: feature, its first mark, number of categories, number of columns, first column; by unit."""
    marks: np.ndarray
    """``u8[bytes]``: for each set, a row per category, then one for unknown categories and one for NaN."""
    unit: np.ndarray
    """``u32[units + 1]``: the first set of each unit."""
    node: np.ndarray
    """The nodes that split categories."""
    column: np.ndarray
    """Of each of these nodes."""
    mask: np.ndarray

    @classmethod
    def of(cls, forest: ops.TreeEnsemble, node: np.ndarray, tree: np.ndarray, gone: np.ndarray, first: int) -> Sets:
        """Lay out the marks of some nodes.

        Args:
            forest: the forest of the nodes.
            node: the nodes that split categories.
            tree: the tree of each node.
            gone: true if a value that goes left clears bits; else one that goes right does.
            first: the first free column.
        """
        column, mask = np.zeros(len(node), np.int64), np.zeros(len(node), np.int64)
        table: list[tuple[int, ...]] = []
        marks: list[np.ndarray] = []
        unit = np.zeros(-(-len(forest.roots) // UNIT) + 1, np.int64)
        free, used = np.full(len(unit), first), 0
        for u, feature, at in _by_unit(tree // UNIT, forest.feature.array[node]):
            patterns, place = np.unique(_left(forest, node[at]) ^ ~gone[at, None], axis=0, return_inverse=True)
            packed = np.packbits(patterns, axis=0, bitorder="little").T
            categories, columns = len(packed) - 2, packed.shape[1]
            column[at], mask[at] = free[u] + place.ravel() // MARKS, 1 << place.ravel() % MARKS
            table.append((feature, used, categories, columns, free[u]))
            marks.append(packed.ravel())
            unit[u + 1] += 1
            free[u], used = free[u] + columns, used + packed.size
        flat = np.concatenate([np.zeros(0, np.uint8), *marks])
        return cls(np.array(table, np.int64).reshape(-1, 5), flat, np.cumsum(unit), node, column, mask)

    @property
    def columns(self) -> int:
        """Number of columns, including those before the first."""
        return int((self.table[:, 3] + self.table[:, 4]).max(initial=0))


def _by_unit(unit: np.ndarray, feature: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield each unit's features in order, with the indices of their nodes."""
    order = np.lexsort((feature, unit))
    new = np.flatnonzero((np.diff(unit[order], prepend=-1) != 0) | (np.diff(feature[order], prepend=-1) != 0))
    for at in np.split(order, new[1:]) if len(order) else ():
        yield int(unit[at[0]]), int(feature[at[0]]), at


def _left(forest: ops.TreeEnsemble, nodes: np.ndarray) -> np.ndarray:
    """Return ``[nodes, categories + 2]``: true if a category goes left; then unknown categories, then NaN.

    The number of categories is the largest in any set.
    """
    assert forest.categories is not None
    first, words = category_range(forest)[nodes].astype(np.int64).T[:, :, None]
    category = np.arange(32 * words.max(initial=0))
    within = category < 32 * words
    word = forest.categories.array[np.where(within, first + category // 32, 0)]
    left = within & ((word >> (category % 32).astype(np.uint32)) & 1 == 1)
    count = int(left.any(axis=0).nonzero()[0].max(initial=-1)) + 1
    neither, missing = np.zeros(len(nodes), bool), forest.missing_left.array[nodes]
    return np.column_stack([left[:, :count], neither, missing])
