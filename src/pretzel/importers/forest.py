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
    """``[nodes]``: the weight of the training rows that reached each node, if recorded."""

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
    base: np.ndarray | None = None,
    group: np.ndarray | None = None,
    aggregate: str = "sum",
    strict: bool = False,
) -> Node:
    """Return the operator over concatenated trees, with a table of only their leaves."""
    many = list(trees)
    sizes = np.array([len(one.left) for one in many])
    roots = np.cumsum(sizes) - sizes
    left = np.concatenate([np.where(one.left >= 0, one.left + root, -1) for one, root in zip(many, roots, strict=True)])
    right = np.concatenate([one.right + root for one, root in zip(many, roots, strict=True)])
    leaf = left < 0
    leaves = np.concatenate([one.leaves for one in many])[leaf]
    return ops.TreeEnsemble(
        x,
        roots=_indices(roots),
        feature=_indices(np.where(leaf, 0, np.concatenate([one.feature for one in many]))),
        threshold=Parameter.of(np.where(leaf, 0.0, np.concatenate([one.threshold for one in many]))),
        left=_indices(left),
        right=_indices(np.where(leaf, np.cumsum(leaf) - 1, right)),
        missing_left=Parameter.of(np.concatenate([one.missing_left for one in many]) & ~leaf),
        leaves=Parameter.of(leaves),
        base=Parameter.of(np.zeros(leaves.shape[1:] or (1,), leaves.dtype) if base is None else base),
        group=None if group is None else _indices(group),
        aggregate=aggregate,
        strict=strict,
        **_categories(many),
    )


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
    return Parameter.of(values.astype(np.int32))
