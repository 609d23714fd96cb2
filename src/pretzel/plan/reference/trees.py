"""Reference of tree ensembles: the rows walk every tree, node by node, and part at each."""

from __future__ import annotations

from typing import Any

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
    left, right, feature = node.left.array, node.right.array, node.feature.array
    reached = np.empty(len(x), np.intp)
    waiting = [(root, np.arange(len(x)))] if len(x) else []
    while waiting:
        at, rows = waiting.pop()
        if left[at] < 0:
            reached[rows] = right[at]
            continue
        goes = goes_left(node, at, x[rows, feature[at]])
        sides = (int(left[at]), rows[goes]), (int(right[at]), rows[~goes])
        waiting += [side for side in sides if len(side[1])]
    return reached


def goes_left(node: ops.TreeEnsemble | ops.TreeContributions, at: int, x: Any) -> Any:
    """Return whether rows with these values, or the row with this value, go left at an inner node."""
    if node.category_range is not None and node.categories is not None and node.category_range.array[at, 1]:
        first, words = node.category_range.array[at].tolist()
        goes = _in_set(node.categories.array[first : first + words], x.astype(np.float64))
    else:
        wide = np.result_type(x.dtype, node.threshold.array.dtype)
        threshold, values = node.threshold.array[at].astype(wide), x.astype(wide)
        goes = values < threshold if node.strict else values <= threshold
    return np.where(np.isnan(x), node.missing_left.array[at] != 0, goes)


def _in_set(words: np.ndarray, x: Any) -> Any:
    inside = (x > -1) & (x < 32 * len(words))
    codes = np.where(inside, x, 0).astype(np.int64)
    return inside & (words[codes // 32] >> (codes % 32).astype(words.dtype) & 1 != 0)
