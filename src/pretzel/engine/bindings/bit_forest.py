"""How forests of small trees are laid out as bit vectors; ``kernels/trees/bits.h`` says what the arrays mean."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import cast

import numpy as np

from pretzel.engine.bindings.forest import Compared, levels
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

LANES = 32
MOST_LEAVES = 8 * LANES
"""Of a tree, whose bits fill the lanes of a group.  That many are still compared four times as fast as walked."""
MOST_COLUMNS = 256
MOST_CUTS = 255
"""Of a column: a rank is a byte."""


_known: weakref.WeakKeyDictionary[Node, bool] = weakref.WeakKeyDictionary()


def is_bit_forest(node: Node) -> bool:
    """Whether every tree is small, no node splits categories, and a byte names each column of ranks.

    Looked at once for each node: it takes as long as laying out a part of the forest, and is asked at every choice.
    """
    if (known := _known.get(node)) is None:
        known = _known[node] = _fits(cast(ops.TreeEnsemble, node))
    return known


def _fits(forest: ops.TreeEnsemble) -> bool:
    leaves, trees = int((forest.left.array < 0).sum()), len(forest.roots)
    if forest.category_range is not None or not trees or leaves > MOST_LEAVES * trees:
        return False
    nodes = Compared.of(forest)
    return _Bits.of(forest, nodes).leaves.max() <= MOST_LEAVES and len(_Columns.of(forest, nodes).table) <= MOST_COLUMNS


def lay_out_bits(node: Node) -> dict[str, Parameter]:
    """Return a forest as its kernel compares it: what is ranked, entries in lanes, leaves in the order of bits."""
    forest = cast(ops.TreeEnsemble, node)
    nodes = Compared.of(forest)
    bits, columns = _Bits.of(forest, nodes), _Columns.of(forest, nodes)
    size = 1 << max(0, int(bits.leaves.max() - 1) // 8).bit_length()
    first = np.cumsum(bits.leaves) - bits.leaves
    out = {
        "columns": columns.table,
        "cuts": columns.cuts,
        "first": first.astype(np.uint32),
        "leaves": _leaves(forest, bits, first, 8 * size),
        **_rounds(_entries(nodes, bits, columns, size), len(first), size),
    }
    kept = {name: p for name, p in node.parameters.items() if name in ("base", "group")}
    return {name: Parameter.of(array) for name, array in out.items()} | kept


@dataclass(frozen=True)
class _Bits:
    """Where each node stands in its tree: its leaves are the ``size`` bits from ``begin`` on.

    Of two children the one with fewer leaves comes first: its bits are those taken away.
    """

    inner: np.ndarray
    inner_tree: np.ndarray
    leaf: np.ndarray
    leaf_tree: np.ndarray
    begin: np.ndarray
    size: np.ndarray
    right_first: np.ndarray
    """At inner nodes, whether the right child comes first."""
    leaves: np.ndarray
    """Of each tree."""

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
    """What is ranked: a column for each feature and way of its NaN, and for each 255 thresholds of these."""

    table: np.ndarray
    """``u32[columns, 4]``: feature, first cut, number of cuts, whether a NaN goes right."""
    cuts: np.ndarray
    column: np.ndarray
    """Of each inner node."""
    rank: np.ndarray
    """Of each inner node's threshold among its column's."""

    @classmethod
    def of(cls, forest: ops.TreeEnsemble, nodes: Compared) -> _Columns:
        inner = np.flatnonzero(nodes.left >= 0)
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
    """Return where a value differs from the one before it; true for the first."""
    return np.concatenate([np.ones(min(len(values), 1), bool), values[1:] != values[:-1]])


@dataclass(frozen=True)
class _Entries:
    """What nodes say of bytes, one entry for each byte that a node takes bits from; sorted by lane and kind."""

    lane: np.ndarray
    """Counted through all trees."""
    kind: np.ndarray
    """0 where the bits go above the threshold, 1 where they go not above it."""
    planes: np.ndarray
    """``u8[entries, 4]``, as in a round."""


def _entries(nodes: Compared, bits: _Bits, columns: _Columns, size: int) -> _Entries:
    ahead = np.where(bits.right_first, nodes.right, nodes.left)[bits.inner]
    begin, end = bits.begin[bits.inner], bits.begin[bits.inner] + bits.size[ahead]
    count = (end - 1) // 8 - begin // 8 + 1
    of = np.repeat(np.arange(len(count)), count)
    byte = begin[of] // 8 + np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    low, high = np.maximum(begin[of] - 8 * byte, 0), np.minimum(end[of] - 8 * byte, 8)
    node = bits.inner[of]
    kind = bits.right_first[node].astype(np.int64)
    planes = np.column_stack([columns.column[node], columns.rank[node] - 128, -kind, (1 << high) - (1 << low)])
    lane = bits.inner_tree[of] * size + byte
    order = np.lexsort((kind, lane))
    return _Entries(lane[order], kind[order], planes.astype(np.uint8)[order])


def _rounds(entries: _Entries, trees: int, size: int) -> dict[str, np.ndarray]:
    """Return the rounds: the n-th entry of every lane of a group is in the group's n-th round."""
    groups = -(-trees * size // LANES)
    counts = np.bincount(entries.lane * 2 + entries.kind, minlength=groups * LANES * 2).reshape(groups, LANES, 2)
    starts = np.concatenate([[0], np.cumsum(counts.sum(axis=2).max(axis=1, initial=0))])
    new_lane = np.flatnonzero(_changes(entries.lane))
    place = np.arange(len(entries.lane)) - np.repeat(new_lane, np.diff(new_lane, append=len(entries.lane)))
    rounds = np.zeros((starts[-1], 4, LANES), np.uint8)
    rounds[starts[entries.lane // LANES] + place, :, entries.lane % LANES] = entries.planes
    by_kind = counts.transpose(0, 2, 1).reshape(groups, 2, LANES // size, size)
    return {"rounds": rounds, "starts": starts.astype(np.uint32), "counts": by_kind.astype(np.uint8)}


def _leaves(forest: ops.TreeEnsemble, bits: _Bits, first: np.ndarray, room: int) -> np.ndarray:
    """Return what leaves add, tree by tree in the order of their bits; bits without a leaf may lie beyond the last."""
    values = forest.leaves.array
    out = np.zeros((len(bits.leaf) + room, *values.shape[1:]), values.dtype)
    out[first[bits.leaf_tree] + bits.begin[bits.leaf]] = values[forest.right.array[bits.leaf]]
    return out
