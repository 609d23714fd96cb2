"""Kernels of the trees family, and their layouts of forests."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.engine.bindings.bit_forest import is_bit_forest, is_bit_forest_of_sets, lay_out_bits
from pretzel.engine.bindings.forest import Compared, category_range, levels
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def is_walked(node: Node) -> bool:
    """Return whether the forest does not fit bit vectors, which are cheaper at any number of rows."""
    return not is_bit_forest(node) and not is_bit_forest_of_sets(node)


def lay_out_forest(node: Node) -> dict[str, Parameter]:
    """Return the arrays of a forest for the kernel that walks it: nodes of 16 bytes, with adjacent children.

    ``nodes`` is ``u32[n, 4]``: the threshold in the type of x (words 0 and 1 for f64, word 1 for f32), the offset of
    the feature in a row in bytes, and the left child; the right child follows it.  A leaf is its own child, its
    threshold is NaN, and word 0 holds its row of ``leaves``.
    """
    forest = cast(ops.TreeEnsemble, node)
    nodes = Compared.of(forest)
    order, roots = _heavy_first(forest.roots.array, nodes.left, nodes.right)
    out = {
        "nodes": _pack(order, nodes.left, nodes.right, forest.feature.array, nodes.threshold),
        "missing_right": nodes.missing_right[order].astype(np.uint8),
        "roots": roots.astype(np.uint32),
    }
    if forest.category_range is not None:
        out["category_range"] = category_range(forest)[order]
    shared = {name: p for name, p in node.parameters.items() if name in ("leaves", "base", "group", "categories")}
    return {name: Parameter.of(array) for name, array in out.items()} | shared


def forest_order(node: ops.TreeEnsemble) -> np.ndarray:
    """Return the nodes of a forest in the order of :func:`lay_out_forest`."""
    nodes = Compared.of(node)
    return _heavy_first(node.roots.array, nodes.left, nodes.right)[0]


def _heavy_first(roots: Any, left: Any, right: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes tree by tree, and the start of each tree.

    Two siblings are followed by all nodes below the larger of them, then by all below the other, so that most steps of
    most rows stay in the same cache line or move to the next.
    """
    by_level = [level for level, _ in levels(roots, left, right)]
    inner = [level[left[level] >= 0] for level in by_level]
    below, place, children = (np.zeros(len(left), np.int64) for _ in range(3))
    for level in reversed(inner):
        below[level] = below[left[level]] + below[right[level]] + 2
    sizes = below[roots] + 1
    place[roots] = np.cumsum(sizes) - sizes
    children[roots] = place[roots] + 1
    for level in inner:
        a, b, at = left[level], right[level], children[level]
        place[a], place[b] = at, at + 1
        heavy = below[a] >= below[b]
        children[a] = at + 2 + np.where(heavy, 0, below[b])
        children[b] = at + 2 + np.where(heavy, below[a], 0)
    order = np.empty(sizes.sum(), np.int64)
    nodes = np.concatenate([roots[:0], *by_level])
    order[place[nodes]] = nodes
    return order, place[roots]


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


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.TreeEnsemble: (
        Binding("trees.bits", "trees.bits:BitForest", is_bit_forest, lay_out_bits, drop=("strict",)),
        Binding("trees.bits.sets", "trees.bits:BitForest", is_bit_forest_of_sets, lay_out_bits, drop=("strict",)),
        Binding("trees", "trees.ensemble:TreeEnsemble", is_walked, lay_out_forest, drop=("strict",)),
    ),
}
