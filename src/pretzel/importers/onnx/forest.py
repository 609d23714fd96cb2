"""Convert ONNX trees to the layout of a plan: nodes after their parents, with one kind of comparison.

A plan compares ``x <= t`` at every node.  ``<`` uses the number before t, ``>`` and ``>=`` swap the branches, and
equality (and membership) compares an added column, which is 1 if x is in the set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pretzel.importers import forest
from pretzel.importers.onnx.values import Rows, check_parts
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

LEQ, LT, GTE, GT, EQ, NEQ, MEMBER = range(7)
MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER")
SWAPPED = (GTE, GT)
COPIES, SPARE = 16, 10_000
"""Limit on the growth of trees when shared branches are copied."""
MAX_SET_TABLE = 1 << 24
"""Limit on the numbers in the tables from feature values to the sets that hold them."""


@dataclass(frozen=True)
class Trees:
    """Nodes of all trees: an inner node has a position per branch; a position below 0 is leaf ``-1 - position``."""

    roots: np.ndarray
    mode: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    true: np.ndarray
    false: np.ndarray
    missing_true: np.ndarray
    members: dict[int, tuple[float, ...]]
    """The set of each membership node."""


@dataclass(frozen=True)
class Laid:
    """The same trees in the form that all importers share, with leaf numbers as leaves, and x with added columns."""

    x: Node
    trees: forest.Trees
    count: int
    """Number of trees."""

    def ensemble(self, leaves: np.ndarray, base: np.ndarray, group: np.ndarray | None = None) -> Node:
        """Return the operator that adds these leaves."""
        return forest.joined(self.x, [self.trees], table=leaves, base=base, group=group)


def lay_out(x: Rows, trees: Trees) -> Laid:
    """Convert trees to the layout of a plan.

    Raises:
        ValueError: nodes form a cycle, or a node has an unknown feature, branch or mode.
    """
    _check(x, trees)
    trees = gather_sets(trees)
    order = _order(trees)
    threshold, swapped = _thresholds(trees)
    sets = _Sets(x)
    feature = trees.feature.copy()
    for node in np.flatnonzero(trees.mode >= EQ).tolist():
        feature[node] = sets.column(int(trees.feature[node]), *_set_of(trees, node))
        threshold[node] = 0.5
    swapped |= (trees.mode == EQ) | (trees.mode == MEMBER)  # 1 for values in the set, which is above 0.5
    values = (feature, threshold, trees.missing_true ^ swapped)
    return Laid(sets.whole(), _in_order(order, swapped, values, len(trees.roots)), len(trees.roots))


def _in_order(order: np.ndarray, swapped: np.ndarray, values: Sequence[np.ndarray], trees: int) -> forest.Trees:
    """Return trees with nodes in this order; ``values`` are the feature, threshold and missing branch of each node."""
    inner, size = order >= 0, _sizes(order)
    feature, threshold, missing_left = (np.zeros(len(order), array.dtype) for array in values)
    for placed, array in zip((feature, threshold, missing_left), values, strict=True):
        placed[inner] = array[order[inner]]
    left, right = _branches(order, size, swapped)
    leaves = np.where(inner, 0, -1 - order)
    return forest.Trees(feature, threshold, left, right, missing_left, leaves, roots=_roots(size, trees))


def gather_sets(trees: Trees) -> Trees:
    """Merge chains of equality nodes over one feature that share their true branch into one membership node.

    Converters write category sets as such chains; without merging, the shared branch would be copied for each value.
    """
    follows = _followers(trees)
    heads = np.flatnonzero((follows >= 0) & ~np.isin(np.arange(len(follows)), follows)).tolist()
    mode, false, members = trees.mode.copy(), trees.false.copy(), dict(trees.members)
    steps = len(trees.mode)
    for head in heads:
        chain = [head]
        while follows[chain[-1]] >= 0 and steps > 0:
            chain.append(int(follows[chain[-1]]))
            steps -= 1
        mode[head], false[head] = MEMBER, trees.false[chain[-1]]
        members[head] = tuple(float(trees.threshold[node]) for node in chain)
    return replace(trees, mode=mode, false=false, members=members)


def _followers(trees: Trees) -> np.ndarray:
    """Return the next equality node in the chain of each node, on its false branch; -1 if there is none."""
    after = np.where(trees.false >= 0, trees.false, 0)
    same = (trees.mode == EQ) & (trees.false >= 0)
    for values in (trees.mode, trees.feature, trees.true, trees.missing_true):
        same &= values == values[after] if len(values) else same
    return np.where(same, trees.false, -1)


def _check(x: Rows, trees: Trees) -> None:
    if not np.isin(trees.mode, range(7)).all():
        raise ValueError("a node has an unknown mode")
    if len(trees.feature) and not 0 <= trees.feature.min() <= trees.feature.max() < x.tail[0]:
        raise ValueError(f"a node compares feature {trees.feature.max()} of {x.tail[0]}")
    for branch in (trees.true, trees.false, trees.roots):
        if len(branch) and branch.max() >= len(trees.mode):
            raise ValueError(f"a node refers to node {branch.max()} of {len(trees.mode)}")


def _order(trees: Trees) -> np.ndarray:
    """Return the nodes, tree by tree, each before its branches, the true branch first; leaves are below 0.

    Branches that several nodes share are copied.
    """
    order: list[int] = []
    most = COPIES * (len(trees.mode) + len(trees.roots)) + SPARE
    true, false = trees.true.tolist(), trees.false.tolist()
    for root in trees.roots.tolist():
        stack = [root]
        while stack:
            node = stack.pop()
            order.append(node)
            if node >= 0:
                stack += [false[node], true[node]]
            if len(order) > most:
                raise ValueError("its trees share branches too often, or contain a cycle")
    return np.array(order, np.int64)


def _thresholds(trees: Trees) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest number of the lower side, and the nodes whose true branch is the upper side."""
    below = np.isin(trees.mode, (LT, GTE))
    if (below & (trees.threshold == -np.inf)).any():
        raise ValueError("a node compares with minus infinity, and no number is less")
    return np.where(below, np.nextafter(trees.threshold, -np.inf), trees.threshold), np.isin(trees.mode, SWAPPED)


def _set_of(trees: Trees, node: int) -> tuple[tuple[float, ...], bool]:
    """Return the members of a node's set, and True if NaN counts as a member."""
    members = trees.members.get(node, (float(trees.threshold[node]),))
    return members, bool(trees.missing_true[node]) and trees.mode[node] != NEQ


class _Sets:
    """Columns added to x: 1 if a feature is in a set, else 0."""

    def __init__(self, x: Rows) -> None:
        self.x = x
        self.places: dict[tuple[int, tuple[float, ...], bool], int] = {}
        self.width = x.tail[0]
        self.numbers = 0

    def column(self, feature: int, members: tuple[float, ...], missing: bool) -> int:
        """Return the column of a set, adding it if it is new."""
        return self.places.setdefault((feature, members, missing), self.width + len(self.places))

    def whole(self) -> Node:
        """Return x with these columns."""
        x = self.x.dense_matrix
        if not self.places:
            return x
        sets: dict[int, list[tuple[tuple[float, ...], bool]]] = {}
        for feature, members, missing in self.places:
            sets.setdefault(feature, []).append((members, missing))
        check_parts(len(sets))
        whole = ops.Concat((x, *(self._of(x, feature, members) for feature, members in sets.items())))
        keys = [(feature, *members) for feature in sets for members in sets[feature]]
        place = {key: self.width + i for i, key in enumerate(keys)}
        order = [*range(self.width), *(place[key] for key in self.places)]
        return ops.Select(whole, Parameter.of(np.array(order, np.int64)))

    def _of(self, x: Node, feature: int, sets: list[tuple[tuple[float, ...], bool]]) -> Node:
        """Return one column per set of a feature, looked up by its value."""
        keys = sorted({member for members, _ in sets for member in members if member == member})
        self.numbers += (len(keys) + 1) * len(sets)
        if self.numbers > MAX_SET_TABLE:
            raise ValueError(f"feature {feature} is compared with {len(keys)} values in {len(sets)} sets")
        table = np.zeros((len(keys) + 1, len(sets)), x.type.numpy)  # the last row is for NaN
        where = {key: i for i, key in enumerate(keys)}
        for i, (members, missing) in enumerate(sets):
            table[[where[member] for member in members if member == member], i] = 1
            table[-1, i] = missing
        listed, last = Parameter.of(np.array(keys, x.type.numpy)), len(keys)
        codes = ops.Lookup(ops.Column(x, feature), listed, nan_code=last, none_code=last)
        return ops.Take(codes, Parameter.of(table), 0.0)


def _branches(order: np.ndarray, size: np.ndarray, swapped: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first position of both branches of each node: right after it, and after the first branch."""
    at = np.flatnonzero(order >= 0)
    true, false = at + 1, at + 1 + size[at + 1]
    left, right = np.full(len(order), -1), np.zeros(len(order), np.int64)
    left[at] = np.where(swapped[order[at]], false, true)
    right[at] = np.where(swapped[order[at]], true, false)
    return left, right


def _roots(size: np.ndarray, trees: int) -> np.ndarray:
    """Return the first position of each tree."""
    starts, at = [], 0
    for _ in range(trees):
        starts.append(at)
        at += int(size[at])
    return np.array(starts, np.int32)


def _sizes(order: np.ndarray) -> np.ndarray:
    """Return the number of positions of each node's subtree."""
    size, inner = [1] * len(order), (order >= 0).tolist()
    for at in range(len(order) - 1, -1, -1):
        if inner[at]:
            first = size[at + 1]
            size[at] = 1 + first + size[at + 1 + first]
    return np.array(size, np.int64)
