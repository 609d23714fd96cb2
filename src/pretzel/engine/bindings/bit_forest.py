"""Lay out forests of small trees as bit vectors; ``kernels/trees/bits.h`` documents the arrays."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import cast

import numpy as np

from pretzel.engine.bindings.bit_sets import Sets
from pretzel.engine.bindings.forest import Compared, category_range, levels
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

LANES = 32
MOST_LEAVES = 8 * LANES
"""Of a tree, whose bits fill the lanes of a group.  At this size bit vectors are still four times faster."""
MOST_COLUMNS = 256
MOST_CUTS = 255
"""Of a column, because a rank is a byte."""
MOST_MARKS = 1 << 20
"""Bytes of the marks of category sets; those of 32 trees should fit in a cache along with the rest."""


_small: weakref.WeakKeyDictionary[Node, bool] = weakref.WeakKeyDictionary()


def is_bit_forest(node: Node) -> bool:
    """Return whether all trees are small, no node splits categories, and a byte can index the columns of ranks."""
    return not _has_sets(cast(ops.TreeEnsemble, node)) and _is_small(node)


def is_bit_forest_of_sets(node: Node) -> bool:
    """Return whether all trees are small, some nodes split categories, and a byte can index the ranks and marks."""
    return _has_sets(cast(ops.TreeEnsemble, node)) and _is_small(node)


def _is_small(node: Node) -> bool:
    """Return whether the forest fits the limits.

    Cached per node, because it lays out a part of the forest and is called at every choice of a kernel.
    """
    if (fits := _small.get(node)) is None:
        fits = _small[node] = _fits(cast(ops.TreeEnsemble, node))
    return fits


def _has_sets(forest: ops.TreeEnsemble) -> bool:
    return forest.category_range is not None and bool(category_range(forest)[:, 1].any())


def _fits(forest: ops.TreeEnsemble) -> bool:
    leaves, trees = int((forest.left.array < 0).sum()), len(forest.roots)
    words = category_range(forest)[:, 1]
    if not trees or leaves > MOST_LEAVES * trees or 4 * int(words.max()) * (words > 0).sum() > MOST_MARKS:
        return False
    layout = _Layout.of(forest)
    used = max(len(layout.columns.table), layout.sets.columns)
    return layout.bits.leaves.max() <= MOST_LEAVES and used <= MOST_COLUMNS and len(layout.sets.marks) <= MOST_MARKS


def lay_out_bits(node: Node) -> dict[str, Parameter]:
    """Return the arrays of a forest for its kernel: ranked columns, entries in lanes, leaves in bit order."""
    forest = cast(ops.TreeEnsemble, node)
    layout = _Layout.of(forest)
    bits, columns, sets = layout.bits, layout.columns, layout.sets
    size = 1 << max(0, int(bits.leaves.max() - 1) // 8).bit_length()
    first = np.cumsum(bits.leaves) - bits.leaves
    kinds = 3 if _has_sets(forest) else 2
    out = {
        "columns": columns.table,
        "cuts": columns.cuts,
        "first": first.astype(np.uint32),
        "leaves": _leaves(forest, bits, first, 8 * size),
        **_rounds(_entries(layout, size), len(first), size, kinds),
    }
    if kinds == 3:
        out |= {"sets": sets.table.astype(np.uint32), "marks": sets.marks, "unit_sets": sets.unit.astype(np.uint32)}
    shared = {name: p for name, p in node.parameters.items() if name in ("base", "group")}
    return {name: Parameter.of(array) for name, array in out.items()} | shared


@dataclass(frozen=True)
class _Bits:
    """The bits of each node in its tree: its leaves are the ``size`` bits from ``begin``.

    Of two children the one with fewer leaves comes first: its bits are the ones to clear.
    """

    inner: np.ndarray
    inner_tree: np.ndarray
    leaf: np.ndarray
    leaf_tree: np.ndarray
    begin: np.ndarray
    size: np.ndarray
    right_first: np.ndarray
    """At inner nodes, true if the right child comes first."""
    leaves: np.ndarray
    """Number of leaves of each tree."""

    @classmethod
    def of(cls, forest: ops.TreeEnsemble, nodes: Compared) -> _Bits:
        left, right, roots = nodes.left, nodes.right, forest.roots.array
        by_level = list(levels(roots, left, right))
        inner = [level[left[level] >= 0] for level, _ in by_level]
        size, begin, right_first = (
            np.ones(len(left), np.int64),
            np.zeros(len(left), np.int64),
            np.zeros(len(left), bool),
        )
        for level in reversed(inner):
            size[level] = size[left[level]] + size[right[level]]
            right_first[level] = size[right[level]] < size[left[level]]
        for level in inner:
            ahead = np.where(right_first[level], right[level], left[level])
            behind = np.where(right_first[level], left[level], right[level])
            begin[ahead], begin[behind] = begin[level], begin[level] + size[ahead]
        node, tree = (np.concatenate(parts) for parts in zip(*by_level, strict=True))
        is_inner = left[node] >= 0
        return cls(
            node[is_inner], tree[is_inner], node[~is_inner], tree[~is_inner], begin, size, right_first, size[roots]
        )


@dataclass(frozen=True)
class _Columns:
    """The columns to rank: one per feature and direction of NaN, split at every 255 thresholds."""

    table: np.ndarray
    """``u32[columns, 4]``: feature, first cut, number of cuts, 1 if NaN goes right."""
    cuts: np.ndarray
    column: np.ndarray
    """Of each node with a threshold."""
    rank: np.ndarray
    """Of each such node's threshold, within its column."""

    @classmethod
    def of(cls, forest: ops.TreeEnsemble, nodes: Compared) -> _Columns:
        inner = np.flatnonzero((nodes.left >= 0) & (category_range(forest)[:, 1] == 0))
        way = forest.feature.array[inner].astype(np.int64) * 2 + nodes.missing_right[inner]
        threshold = nodes.threshold[inner]
        order = np.lexsort((threshold, way))
        new_way = _changes(way[order])
        new_cut = new_way | _changes(threshold[order])
        cuts, way_of_cut = threshold[order][new_cut], way[order][new_cut]
        place = np.arange(len(cuts))
        place -= np.maximum.accumulate(np.where(new_way[new_cut], place, 0))
        first = np.flatnonzero(place % MOST_CUTS == 0)
        table = [way_of_cut[first] // 2, first, np.diff(first, append=len(cuts)), way_of_cut[first] % 2]
        column, rank = np.zeros(len(nodes.left), np.int64), np.zeros(len(nodes.left), np.int64)
        cut = np.cumsum(new_cut) - 1
        column[inner[order]] = (np.cumsum(place % MOST_CUTS == 0) - 1)[cut]
        rank[inner[order]] = (place % MOST_CUTS)[cut]
        return cls(np.column_stack(table).astype(np.uint32), cuts, column, rank)


def _changes(values: np.ndarray) -> np.ndarray:
    """Return a mask of the values that differ from the previous one; true for the first."""
    return np.concatenate([np.ones(min(len(values), 1), bool), values[1:] != values[:-1]])


@dataclass(frozen=True)
class _Layout:
    """All parts of a forest's layout."""

    nodes: Compared
    bits: _Bits
    columns: _Columns
    sets: Sets

    @classmethod
    def of(cls, forest: ops.TreeEnsemble) -> _Layout:
        nodes = Compared.of(forest)
        bits, columns = _Bits.of(forest, nodes), _Columns.of(forest, nodes)
        split = category_range(forest)[bits.inner, 1] > 0
        node = bits.inner[split]
        sets = Sets.of(forest, node, bits.inner_tree[split], bits.right_first[node], len(columns.table))
        return cls(nodes, bits, columns, sets)

    def planes(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the kind of each node, and the first three planes of its entries."""
        kind = self.bits.right_first.astype(np.int64)
        planes = np.column_stack([self.columns.column, self.columns.rank - 128, -kind])
        node = self.sets.node
        kind[node] = 2
        planes[node] = np.column_stack([self.sets.column, self.sets.mask, np.ones_like(node)])
        return kind, planes


@dataclass(frozen=True)
class _Entries:
    """One entry per byte in which a node clears bits, sorted by lane and kind."""

    lane: np.ndarray
    """Numbered through all trees."""
    kind: np.ndarray
    """0: clear bits above the threshold, 1: clear them at or below it, 2: by a mark."""
    planes: np.ndarray
    """``u8[entries, 4]``, as in a round."""


def _entries(layout: _Layout, size: int) -> _Entries:
    bits, (kinds, planes) = layout.bits, layout.planes()
    ahead = np.where(bits.right_first, layout.nodes.right, layout.nodes.left)[bits.inner]
    begin, end = bits.begin[bits.inner], bits.begin[bits.inner] + bits.size[ahead]
    count = (end - 1) // 8 - begin // 8 + 1
    of = np.repeat(np.arange(len(count)), count)
    byte = begin[of] // 8 + np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    low, high = np.maximum(begin[of] - 8 * byte, 0), np.minimum(end[of] - 8 * byte, 8)
    node = bits.inner[of]
    kind, planes = kinds[node], np.column_stack([planes[node], (1 << high) - (1 << low)])
    lane = bits.inner_tree[of] * size + byte
    order = np.lexsort((kind, lane))
    return _Entries(lane[order], kind[order], planes.astype(np.uint8)[order])


def _rounds(entries: _Entries, trees: int, size: int, kinds: int) -> dict[str, np.ndarray]:
    """Return the rounds: the n-th entry of each lane is in the n-th round of its group."""
    groups = -(-trees * size // LANES)
    counts = np.bincount(entries.lane * kinds + entries.kind, minlength=groups * LANES * kinds)
    counts = counts.reshape(groups, LANES, kinds)
    starts = np.concatenate([[0], np.cumsum(counts.sum(axis=2).max(axis=1, initial=0))])
    new_lane = np.flatnonzero(_changes(entries.lane))
    place = np.arange(len(entries.lane)) - np.repeat(new_lane, np.diff(new_lane, append=len(entries.lane)))
    rounds = np.zeros((starts[-1], 4, LANES), np.uint8)
    rounds[starts[entries.lane // LANES] + place, :, entries.lane % LANES] = entries.planes
    by_kind = counts.transpose(0, 2, 1).reshape(groups, kinds, LANES // size, size)
    return {"rounds": rounds, "starts": starts.astype(np.uint32), "counts": by_kind.astype(np.uint8)}


def _leaves(forest: ops.TreeEnsemble, bits: _Bits, first: np.ndarray, room: int) -> np.ndarray:
    """Return the leaf values, tree by tree in bit order, padded by ``room``: bits may exceed the last leaf."""
    values = forest.leaves.array
    out = np.zeros((len(bits.leaf) + room, *values.shape[1:]), values.dtype)
    out[first[bits.leaf_tree] + bits.begin[bits.leaf]] = values[forest.right.array[bits.leaf]]
    return out
