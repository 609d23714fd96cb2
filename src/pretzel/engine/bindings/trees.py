"""Kernels of the trees family, and how forests are laid out for them."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.engine.bindings.bit_forest import is_bit_forest, lay_out_bits
from pretzel.engine.bindings.forest import Compared, category_range, levels
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def is_walked(node: Node) -> bool:
    """Whether bit vectors cannot have the forest: where they can, they cost less at any number of rows."""
    return not is_bit_forest(node)


def lay_out_forest(node: Node) -> dict[str, Parameter]:
    """Return a forest as its kernel walks it: nodes of 16 bytes, breadth first, a node's children side by side.

    ``nodes`` is ``u32[n, 4]``: the threshold in the type of x (in words 0 and 1 where f64, in word 1 where f32), the
    feature's place in a row in bytes, and the left child, whose neighbour is the right one.  A leaf is its own child,
    its threshold is a NaN, and word 0 holds its row of ``leaves``.
    """
    forest = cast(ops.TreeEnsemble, node)
    nodes = Compared.of(forest)
    order, roots = _breadth_first(forest.roots.array, nodes.left, nodes.right)
    out = {
        "nodes": _pack(order, nodes.left, nodes.right, forest.feature.array, nodes.threshold),
        "missing_right": nodes.missing_right[order].astype(np.uint8),
        "roots": roots.astype(np.uint32),
    }
    if forest.category_range is not None:
        out["category_range"] = category_range(forest)[order]
    kept = {name: p for name, p in node.parameters.items() if name in ("leaves", "base", "group", "categories")}
    return {name: Parameter.of(array) for name, array in out.items()} | kept


def _breadth_first(roots: Any, left: Any, right: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes tree by tree, each level by level with siblings side by side, and where each tree begins."""
    nodes, trees = [roots[:0].astype(np.int64)], [np.arange(0)]
    for level, tree in levels(roots, left, right):
        nodes.append(level)
        trees.append(tree)
    owner = np.concatenate(trees)
    order = np.concatenate(nodes)[np.argsort(owner, kind="stable")]
    sizes = np.bincount(owner, minlength=len(roots))
    return order, np.cumsum(sizes) - sizes


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
    ops.TreeEnsemble: (
        Binding("trees.bits", "trees.bits:BitForest", is_bit_forest, lay_out_bits, drop=("strict",)),
        Binding("trees", "trees.ensemble:TreeEnsemble", is_walked, lay_out_forest, drop=("strict",)),
    ),
}
