"""Trees as ONNX stores them, laid out as a plan has them: nodes after their parents, one kind of comparison.

A plan compares ``x <= t`` at every node.  ``<`` is that with the number before t, ``>`` and ``>=`` are those with the
branches exchanged, and equality (and membership) compares a column that is made for it, 1 where x is in the set.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pretzel.importers.onnx.values import Rows, check_parts
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

LEQ, LT, GTE, GT, EQ, NEQ, MEMBER = range(7)
MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER")
SWAPPED = (GTE, GT)
COPIES, SPARE = 16, 10_000
"""How much larger trees may become when the branches that they share are written out."""
MAX_SET_TABLE = 1 << 24
"""Numbers in the tables from the values of features to the sets that hold them."""


@dataclass(frozen=True)
class Trees:
    """Nodes of all trees: an inner one names a place for each branch; a place below zero is leaf ``-1 - place``."""

    roots: np.ndarray
    mode: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    true: np.ndarray
    false: np.ndarray
    missing_true: np.ndarray
    members: dict[int, tuple[float, ...]]
    """The set of each node that asks for membership."""


@dataclass(frozen=True)
class Laid:
    """The same, in the arrays of :class:`~pretzel.plan.ops.TreeEnsemble`, and the columns that were added to x."""

    x: Node
    roots: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray

    def ensemble(self, leaves: np.ndarray, base: np.ndarray, group: np.ndarray | None = None) -> ops.TreeEnsemble:
        """Return the operator that adds these leaves up."""
        return ops.TreeEnsemble(
            self.x,
            roots=Parameter.of(self.roots),
            feature=Parameter.of(self.feature),
            threshold=Parameter.of(self.threshold),
            left=Parameter.of(self.left),
            right=Parameter.of(self.right),
            missing_left=Parameter.of(self.missing_left),
            leaves=Parameter.of(leaves),
            base=Parameter.of(base),
            group=None if group is None else Parameter.of(group.astype(np.int32)),
        )


def lay_out(x: Rows, trees: Trees) -> Laid:
    """Return trees as a plan has them.

    Raises:
        ValueError: nodes run in a circle, a node names a feature, a branch or a mode that there is not.
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
    swapped |= (trees.mode == EQ) | (trees.mode == MEMBER)  # in the set is 1, which is above a half
    size = _sizes(order)
    left, right = _branches(order, size, swapped)
    inner = order >= 0

    def spread(values: np.ndarray) -> np.ndarray:
        out = np.zeros(len(order), values.dtype)
        out[inner] = values[order[inner]]
        return out

    missing = spread(trees.missing_true ^ swapped) & inner
    return Laid(
        sets.whole(), _roots(size, trees), spread(feature.astype(np.int32)), spread(threshold), left, right, missing
    )


def gather_sets(trees: Trees) -> Trees:
    """Make one node of those that ask in turn for one value each of one feature, and go to one branch if it is there.

    Converters write sets of categories so; written out as they stand, the branch would be there once for each value.
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
    """Return, for each node that asks for a value, the node of its false branch if that asks for another; else -1."""
    after = np.where(trees.false >= 0, trees.false, 0)
    same = (trees.mode == EQ) & (trees.false >= 0)
    for values in (trees.mode, trees.feature, trees.true, trees.missing_true):
        same &= values == values[after] if len(values) else same
    return np.where(same, trees.false, -1)


def _check(x: Rows, trees: Trees) -> None:
    if not np.isin(trees.mode, range(7)).all():
        raise ValueError("a node has a mode that is not known")
    if len(trees.feature) and not 0 <= trees.feature.min() <= trees.feature.max() < x.tail[0]:
        raise ValueError(f"a node compares feature {trees.feature.max()} of {x.tail[0]}")
    for branch in (trees.true, trees.false, trees.roots):
        if len(branch) and branch.max() >= len(trees.mode):
            raise ValueError(f"a node names node {branch.max()} of {len(trees.mode)}")


def _order(trees: Trees) -> np.ndarray:
    """Return the nodes of tree after tree, each before its branches, the true one first; leaves are below zero.

    What several nodes share stands there once for each.
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
                raise ValueError("its trees share branches many times over, or run in a circle")
    return np.array(order, np.int64)


def _thresholds(trees: Trees) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest number of the smaller side, and where the true branch is that of the larger side."""
    below = np.isin(trees.mode, (LT, GTE))
    if (below & (trees.threshold == -np.inf)).any():
        raise ValueError("a node compares with minus infinity, below which there is nothing")
    return np.where(below, np.nextafter(trees.threshold, -np.inf), trees.threshold), np.isin(trees.mode, SWAPPED)


def _set_of(trees: Trees, node: int) -> tuple[tuple[float, ...], bool]:
    """Return what a node's feature may be, and whether NaN counts among it."""
    members = trees.members.get(node, (float(trees.threshold[node]),))
    return members, bool(trees.missing_true[node]) and trees.mode[node] != NEQ


class _Sets:
    """Columns beside those of x: 1 where a feature is in a set, else 0."""

    def __init__(self, x: Rows) -> None:
        self.x = x
        self.places: dict[tuple[int, tuple[float, ...], bool], int] = {}
        self.width = x.tail[0]
        self.numbers = 0

    def column(self, feature: int, members: tuple[float, ...], missing: bool) -> int:
        """Return the column of a set, which may be new."""
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
        whole = ops.Concat((x, *(self._of(x, feature, found) for feature, found in sets.items())))
        made = [(feature, *found) for feature in sets for found in sets[feature]]
        place = {key: self.width + i for i, key in enumerate(made)}
        order = [*range(self.width), *(place[key] for key in self.places)]
        return ops.Select(whole, Parameter.of(np.array(order, np.int64)))

    def _of(self, x: Node, feature: int, sets: list[tuple[tuple[float, ...], bool]]) -> Node:
        """Return a column for each set of one feature, looked up by its value."""
        keys = sorted({member for members, _ in sets for member in members if member == member})
        self.numbers += (len(keys) + 1) * len(sets)
        if self.numbers > MAX_SET_TABLE:
            raise ValueError(f"feature {feature} is compared with {len(keys)} values in {len(sets)} sets")
        table = np.zeros((len(keys) + 1, len(sets)), x.type.numpy)  # the last row is that of NaN
        where = {key: i for i, key in enumerate(keys)}
        for i, (members, missing) in enumerate(sets):
            table[[where[member] for member in members if member == member], i] = 1
            table[-1, i] = missing
        listed, last = Parameter.of(np.array(keys, x.type.numpy)), len(keys)
        codes = ops.Lookup(ops.Column(x, feature), listed, nan_code=last, none_code=last)
        return ops.Take(codes, Parameter.of(table), 0.0)


def _branches(order: np.ndarray, size: np.ndarray, swapped: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where the branches of each place begin: one right after it, the other where that one ends."""
    at = np.flatnonzero(order >= 0)
    true, false = at + 1, at + 1 + size[at + 1]
    left, right = np.full(len(order), -1, np.int32), (-1 - order).astype(np.int32)
    left[at] = np.where(swapped[order[at]], false, true)
    right[at] = np.where(swapped[order[at]], true, false)
    return left, right


def _roots(size: np.ndarray, trees: Trees) -> np.ndarray:
    """Return where each tree begins."""
    starts, at = [], 0
    for _ in trees.roots:
        starts.append(at)
        at += int(size[at])
    return np.array(starts, np.int32)


def _sizes(order: np.ndarray) -> np.ndarray:
    """Return how many places each node takes with all that is below it."""
    size, inner = [1] * len(order), (order >= 0).tolist()
    for at in range(len(order) - 1, -1, -1):
        if inner[at]:
            first = size[at + 1]
            size[at] = 1 + first + size[at + 1 + first]
    return np.array(size, np.int64)
