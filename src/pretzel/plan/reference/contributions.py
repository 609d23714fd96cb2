"""Reference of feature contributions: TreeSHAP as published, one row and one tree at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.reference.trees import goes_left


@reference(ops.TreeContributions)
def tree_contributions(node: ops.TreeContributions, x: np.ndarray) -> np.ndarray:
    """Return contributions or interactions, added in float64 in the order of the trees."""
    explain = _interactions if node.interactions else _contributions
    values = np.array([[explain(node, row, k) for k in range(len(node.bias))] for row in x])
    return values.reshape(len(x), node.type.columns).astype(node.leaves.array.dtype)


def _contributions(node: ops.TreeContributions, row: np.ndarray, output: int) -> np.ndarray:
    return np.append(_values(node, row, output), node.bias.array[output])


def _interactions(node: ops.TreeContributions, row: np.ndarray, output: int) -> np.ndarray:
    """Return half the change of the values as each feature becomes known; the remainder is on the diagonal."""
    matrix = np.zeros((node.width + 1, node.width + 1))
    whole = _values(node, row, output)
    used = sorted(set(node.feature_of_column[node.feature.array[node.left.array >= 0]].tolist()))
    for i in used:
        matrix[i, :-1] = (_values(node, row, output, i, 1) - _values(node, row, output, i, -1)) / 2
        matrix[i, i] = 0.0
    np.fill_diagonal(matrix, np.append(whole - matrix[:-1, :-1].sum(axis=1), node.bias.array[output]))
    return matrix.ravel()


def _values(
    node: ops.TreeContributions, row: np.ndarray, output: int, condition: int = -1, known: int = 0
) -> np.ndarray:
    """Return the SHAP value of each feature, with feature ``condition`` fixed as known (1) or unknown (-1), if any."""
    phi = np.zeros(node.width)
    for tree, root in enumerate(node.roots.array.tolist()):
        if node.group is None or node.group.array[tree] == output:
            _Descent(node, row, output, phi, condition, known).visit(root, [], 1.0, 1.0, -1, 1.0)
    return phi / len(node.roots) if node.aggregate == "mean" and len(node.roots) else phi


@dataclass
class _Step:
    """A feature of the path, with the fraction of training rows (zero) and of the row (one) that pass, and a weight."""

    feature: int
    zero: float
    one: float
    weight: float


@dataclass
class _Descent:
    """``TreeShap`` of one tree for one row."""

    node: ops.TreeContributions
    row: np.ndarray
    output: int
    phi: np.ndarray
    condition: int
    known: int
    features: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.features = self.node.feature_of_column

    def visit(self, at: int, path: list[_Step], zero: float, one: float, feature: int, fraction: float) -> None:
        """Extend the path by the edge to this node, then descend, or add the value of a leaf."""
        if fraction == 0:
            return
        path = [_Step(**vars(step)) for step in path]
        if self.known == 0 or feature != self.condition:
            _extend(path, zero, one, feature)
        if self.node.left.array[at] < 0:
            self._add(at, path, fraction)
        else:
            self._split(at, path, fraction)

    def _add(self, at: int, path: list[_Step], fraction: float) -> None:
        leaf = self.node.leaves.array[self.node.right.array[at]]
        value = float(leaf[self.output] if leaf.ndim else leaf)
        for i, step in enumerate(path[1:], 1):
            self.phi[step.feature] += _unwound_sum(path, i) * (step.one - step.zero) * value * fraction

    def _split(self, at: int, path: list[_Step], fraction: float) -> None:
        sides = (int(self.node.left.array[at]), int(self.node.right.array[at]))
        column = self.node.feature.array[at]
        feature, cover = int(self.features[column]), self.node.cover.array.astype(np.float64)
        goes = goes_left(self.node, at, self.row[column])
        hot, cold = sides if goes else sides[::-1]
        zero, one = 1.0, 1.0
        again = next((i for i, step in enumerate(path) if step.feature == feature), None)
        if again is not None:
            zero, one = path[again].zero, path[again].one
            _unwind(path, again)
        for child, lets_through in ((hot, one), (cold, 0.0)):
            share = cover[child] / cover[at]
            self.visit(
                child, path, zero * share, lets_through, feature, self._fraction(child == hot, feature, share, fraction)
            )

    def _fraction(self, hot: bool, feature: int, share: float, fraction: float) -> float:
        """Return the share of the weight for a child, which depends on the node's feature being the fixed one."""
        if self.known == 0 or feature != self.condition:
            return fraction
        return fraction * (share if self.known < 0 else float(hot))


def _extend(path: list[_Step], zero: float, one: float, feature: int) -> None:
    depth = len(path)
    path.append(_Step(feature, zero, one, 1.0 if depth == 0 else 0.0))
    for i in range(depth - 1, -1, -1):
        path[i + 1].weight += one * path[i].weight * (i + 1) / (depth + 1)
        path[i].weight = zero * path[i].weight * (depth - i) / (depth + 1)


def _unwind(path: list[_Step], index: int) -> None:
    """Undo the extension by the feature at ``index`` of the path."""
    depth, one, zero = len(path) - 1, path[index].one, path[index].zero
    next_one = path[depth].weight
    for i in range(depth - 1, -1, -1):
        if one != 0:
            before = path[i].weight
            path[i].weight = next_one * (depth + 1) / ((i + 1) * one)
            next_one = before - path[i].weight * zero * (depth - i) / (depth + 1)
        else:
            path[i].weight = path[i].weight * (depth + 1) / (zero * (depth - i))
    for i in range(index, depth):
        path[i].feature, path[i].zero, path[i].one = path[i + 1].feature, path[i + 1].zero, path[i + 1].one
    path.pop()


def _unwound_sum(path: list[_Step], index: int) -> float:
    """Return the sum of the weights of the path without the feature at ``index``."""
    depth, one, zero = len(path) - 1, path[index].one, path[index].zero
    next_one, total = path[depth].weight, 0.0
    for i in range(depth - 1, -1, -1):
        if one != 0:
            part = next_one * (depth + 1) / ((i + 1) * one)
            total += part
            next_one = path[i].weight - part * zero * ((depth - i) / (depth + 1))
        elif zero != 0:
            total += path[i].weight / zero / ((depth - i) / (depth + 1))
    return total
