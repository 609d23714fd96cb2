"""Kernels of the trees family, and how forests are laid out for them."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def lay_out_forest(node: Node) -> dict[str, Parameter]:
    """Return a forest as its kernel walks it: nodes of 16 bytes, breadth first, a node's children side by side.

    ``nodes`` is ``u32[n, 4]``: the threshold in the type of x (in words 0 and 1 where f64, in word 1 where f32), the
    feature's place in a row in bytes, and the left child, whose neighbour is the right one.  Thresholds are moved to
    the neighbouring value of the type of x that decides alike, so that the kernel knows ``<=`` only.  A leaf is its own
    child, its threshold is a NaN, and word 0 holds its row of ``leaves``.
    """
    forest = cast(ops.TreeEnsemble, node)
    threshold, never_left = _thresholds(forest)
    left, right = forest.left.array, forest.right.array
    # Nothing lies above infinity: a node that never goes left always goes to the first of its children, put in reverse.
    left, right = np.where(never_left, right, left), np.where(never_left, left, right)
    order, roots = _breadth_first(forest.roots.array, left, right)
    missing_right = (left >= 0) & (forest.missing_left.array == never_left)
    out = {
        "nodes": _pack(
            order, left, right, forest.feature.array, np.where(never_left, np.inf, threshold).astype(threshold.dtype)
        ),
        "missing_right": missing_right[order].astype(np.uint8),
        "roots": roots.astype(np.uint32),
    }
    if forest.category_range is not None:
        out["category_range"] = _category_range(forest)[order]
    kept = {name: p for name, p in node.parameters.items() if name in ("leaves", "base", "group", "categories")}
    return {name: Parameter.of(array) for name, array in out.items()} | kept


def _breadth_first(roots: Any, left: Any, right: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes tree by tree, each level by level with siblings side by side, and where each tree begins."""
    level, tree = roots.astype(np.int64), np.arange(len(roots))
    levels, trees = [level[:0]], [tree[:0]]
    while len(level):
        levels.append(level)
        trees.append(tree)
        inner = left[level] >= 0
        level, tree = level[inner], tree[inner]
        level, tree = np.column_stack([left[level], right[level]]).ravel(), np.repeat(tree, 2)
    owner = np.concatenate(trees)
    order = np.concatenate(levels)[np.argsort(owner, kind="stable")]
    sizes = np.bincount(owner, minlength=len(roots))
    return order, np.cumsum(sizes) - sizes


def _thresholds(forest: ops.TreeEnsemble) -> tuple[np.ndarray, np.ndarray]:
    """Return for each node the t of x's type with ``x <= t`` where the forest goes left, and where it never does."""
    exact = forest.threshold.array.astype(np.float64)
    with np.errstate(over="ignore"):
        near = exact.astype(forest.x.type.numpy)
        above = near.astype(np.float64) >= exact if forest.strict else near.astype(np.float64) > exact
        near = np.where(above, np.nextafter(near, near.dtype.type(-np.inf)), near)
    never = np.isnan(exact) | (forest.strict & (exact == -np.inf))
    return near, never & (forest.left.array >= 0) & (_category_range(forest)[:, 1] == 0)


def _category_range(forest: ops.TreeEnsemble) -> np.ndarray:
    if forest.category_range is None:
        return np.zeros((len(forest.feature), 2), np.int32)
    return np.where(forest.left.array[:, None] >= 0, forest.category_range.array, np.int32(0))


def _pack(order: Any, left: Any, right: Any, feature: Any, threshold: Any) -> np.ndarray:
    position = np.zeros(len(left), np.int64)
    position[order] = np.arange(len(order))
    left, right, feature, threshold = left[order], right[order], feature[order], threshold[order]
    inner = left >= 0
    words = (
        np.where(inner, threshold, np.nan)
        .astype(threshold.dtype)
        .view(np.uint32)
        .reshape(len(order), threshold.dtype.itemsize // 4)
    )
    nodes = np.zeros((len(order), 4), np.uint32)
    nodes[:, 2 - words.shape[1] : 2] = words
    nodes[:, 0] |= np.where(inner, 0, right).astype(np.uint32)
    nodes[:, 2] = np.where(inner, feature, 0) * threshold.dtype.itemsize
    nodes[:, 3] = np.where(inner, position[left], np.arange(len(order)))
    return nodes


TREES: dict[type[Node], tuple[Binding, ...]] = {
    ops.TreeEnsemble: (Binding("trees", "trees.ensemble:TreeEnsemble", derive=lay_out_forest, drop=("strict",)),),
}
