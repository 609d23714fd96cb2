"""Trees of any library, concatenated for the one operator that serves them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@dataclass(frozen=True)
class Trees:
    """Nodes of one or more trees, concatenated, with indices relative to the first node."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray
    leaves: np.ndarray
    """The value of each *node* if it were a leaf, ``[nodes]`` or ``[nodes, k]``."""
    categories: np.ndarray | None = None
    """``u32[words]``: the bit sets of the categories that go left."""
    category_range: np.ndarray | None = None
    """``[nodes, 2]``: first word and number of words of each node's set."""
    cover: np.ndarray | None = None
    """``[nodes]``: the weight of the training rows that reached each node, where it is recorded."""
    roots: np.ndarray | None = None
    """``[trees]``: the root of each tree; None for one tree, whose root is node 0."""

    def weighed(self, weight: float) -> Trees:
        """Return the trees with leaves times a weight; the same object if it is 1."""
        return self if weight == 1 else replace(self, leaves=self.leaves * self.leaves.dtype.type(weight))

    def take(self, nodes: np.ndarray) -> Trees:
        """Return these nodes in this order, with adjusted indices."""
        place = np.zeros(len(self.left), np.int64)
        place[nodes] = np.arange(len(nodes))
        inner = self.left[nodes] >= 0
        # The children of a leaf are arbitrary, because no row follows them.
        left, right = (np.where(inner, side[nodes], 0) for side in (self.left, self.right))
        arrays = {name: getattr(self, name)[nodes] for name in ("feature", "threshold", "missing_left", "leaves")}
        return Trees(
            **arrays,
            left=np.where(inner, place[left], -1),
            right=np.where(inner, place[right], 0),
            categories=self.categories,
            category_range=None if self.category_range is None else self.category_range[nodes],
            cover=None if self.cover is None else self.cover[nodes],
        )


def reachable(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the nodes of one tree that are reachable from node 0, children after their parents.

    Raises:
        InputError: a child is not a node, or has two parents.
    """
    order = np.concatenate(list(levels(left, right)))
    if len(np.unique(order)) < len(order):
        raise InputError(f"a tree of {len(left)} nodes has a child with two parents")
    return order


def levels(left: np.ndarray, right: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the nodes of one tree level by level, siblings adjacent.

    Raises:
        InputError: a child is not a node, or has two parents.
    """
    count, visited, level = len(left), 0, np.zeros(1, np.int64)
    while len(level):
        yield level
        visited += len(level)
        inner = level[left[level] >= 0] if level.max() < count and level.min() >= 0 else None
        if inner is None or visited > count:
            raise InputError(f"a tree of {count} nodes has a child that is not a node of it, or has two parents")
        level = np.column_stack([left[inner], right[inner]]).ravel()


def joined(
    x: Node,
    trees: Iterable[Trees],
    *,
    table: np.ndarray | None = None,
    base: np.ndarray | None = None,
    group: np.ndarray | None = None,
    aggregate: str = "sum",
    strict: bool = False,
) -> Node:
    """Return the operator over trees laid end to end, with a table of their leaves alone.

    ``table``: the values of all leaves; the ``leaves`` of the trees are then rows of it, which nodes may share.

    Raises:
        InputError: the trees have too many nodes.
    """
    many = list(trees)
    whole, roots = _end_to_end(many)
    leaf = whole.left < 0
    values = whole.leaves[leaf]
    rows, leaves = (np.arange(len(values)), values) if table is None else (values, table)
    whole.right[leaf] = rows
    return ops.TreeEnsemble(
        x,
        roots=_indices(roots),
        feature=_indices(np.where(leaf, 0, whole.feature)),
        threshold=Parameter.of(np.where(leaf, 0.0, whole.threshold)),
        left=_indices(whole.left),
        right=_indices(whole.right),
        missing_left=Parameter.of(whole.missing_left & ~leaf),
        leaves=Parameter.of(leaves),
        base=Parameter.of(np.zeros(leaves.shape[1:] or (1,), leaves.dtype) if base is None else base),
        group=None if group is None else _indices(group),
        aggregate=aggregate,
        strict=strict,
        **_categories(many),
    )


def _end_to_end(many: Sequence[Trees]) -> tuple[Trees, np.ndarray]:
    """Return the nodes of all trees, without categories, and the root of each tree."""
    sizes = np.array([len(one.left) for one in many])
    placed = list(zip(many, np.cumsum(sizes) - sizes, strict=True))
    whole = Trees(
        feature=np.concatenate([one.feature for one in many]),
        threshold=np.concatenate([one.threshold for one in many]),
        left=np.concatenate([np.where(one.left >= 0, one.left + start, -1) for one, start in placed]),
        right=np.concatenate([one.right + start for one, start in placed]),
        missing_left=np.concatenate([one.missing_left for one in many]),
        leaves=np.concatenate([one.leaves for one in many]),
    )
    return whole, np.hstack([start + (0 if one.roots is None else one.roots) for one, start in placed])


def leaf_index(x: Node, trees: Iterable[Trees], *, strict: bool = False) -> Node:
    """Return the operator for the index of the leaf reached in each tree: the integer in ``leaves``."""
    numbered = [replace(one, leaves=one.leaves.astype(np.int32)) for one in trees]
    return joined(x, numbered, aggregate="each", strict=strict)


def _categories(trees: Sequence[Trees]) -> dict[str, Any]:
    """Return the bit sets of all trees concatenated, or nothing if no node has one."""
    sets = [np.zeros(0, np.uint32) if one.categories is None else one.categories for one in trees]
    if not sum(map(len, sets)):
        return {}
    ranges = [np.zeros((len(one.left), 2)) if one.category_range is None else one.category_range for one in trees]
    firsts = np.cumsum([0, *map(len, sets[:-1])])
    moved = [np.where(r[:, 1:] > 0, r + [first, 0], 0) for r, first in zip(ranges, firsts, strict=True)]
    return {"categories": Parameter.of(np.concatenate(sets)), "category_range": _indices(np.concatenate(moved))}


def _indices(values: np.ndarray) -> Parameter:
    if values.max(initial=0) >= 2**31:
        raise InputError("the trees have more than 2**31 nodes; train shallower ones")
    return Parameter.of(values.astype(np.int32))
