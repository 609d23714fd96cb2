"""Reference of tree ensembles: every row walks every tree, one node at a time."""

from __future__ import annotations

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference


@reference(ops.TreeEnsemble)
def tree_ensemble(node: ops.TreeEnsemble, x: np.ndarray) -> np.ndarray:
    """Add the leaves in the order of the trees, in the type of the leaves; or return each of them."""
    if node.aggregate == "each":
        return _each(node, x)
    out = np.empty((len(x), len(node.base)), node.leaves.array.dtype)
    out[:] = node.base.array
    leaves = node.leaves.array if node.leaves.array.ndim == 2 else node.leaves.array[:, None]
    for tree, root in enumerate(node.roots.array.tolist()):
        reached = leaves[_reached(node, x, root)]
        if node.group is not None:
            out[:, node.group.array[tree]] += reached[:, 0]
        else:
            out += reached
    if node.aggregate == "mean" and len(node.roots):
        out /= out.dtype.type(len(node.roots))
    return out if node.type.width is not None else out[:, 0]


def _each(node: ops.TreeEnsemble, x: np.ndarray) -> np.ndarray:
    out = np.empty((len(x), len(node.roots)), np.int32)
    for tree, root in enumerate(node.roots.array.tolist()):
        out[:, tree] = node.leaves.array[_reached(node, x, root)]
    return out


def _reached(node: ops.TreeEnsemble, x: np.ndarray, root: int) -> np.ndarray:
    """Return the row of ``leaves`` that each row of x reaches in one tree."""
    return np.array([_leaf(node, row, root) for row in x], np.intp)


def _leaf(node: ops.TreeEnsemble, row: np.ndarray, at: int) -> int:
    left, right = node.left.array, node.right.array
    while left[at] >= 0:
        at = int(left[at] if goes_left(node, at, row[node.feature.array[at]]) else right[at])
    return int(right[at])


def goes_left(node: ops.TreeEnsemble | ops.TreeContributions, at: int, x: np.floating) -> bool:
    """Return whether a row with this value goes left at an inner node."""
    if np.isnan(x):
        return bool(node.missing_left.array[at])
    if node.category_range is not None and node.categories is not None and node.category_range.array[at, 1]:
        first, words = node.category_range.array[at].tolist()
        return _in_set(node.categories.array[first : first + words], float(x))
    wide = np.result_type(x.dtype, node.threshold.array.dtype)
    threshold = node.threshold.array[at].astype(wide)
    return bool(x.astype(wide) < threshold if node.strict else x.astype(wide) <= threshold)


def _in_set(words: np.ndarray, x: float) -> bool:
    if not -1 < x < 32 * len(words):
        return False
    return bool(int(words[int(x) // 32]) >> (int(x) % 32) & 1)
