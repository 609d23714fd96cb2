"""Convert CatBoost's trees, symmetric or not, to the trees that all importers share.

A symmetric tree has one split per level, so the results of its splits are the bits of a leaf position.  It is expanded
to a binary tree with the highest bit at the root: a subtree is then a run of leaves, and a run of equal leaves becomes
one leaf, since most of a deep tree is empty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretzel.importers import forest
from pretzel.importers.catboost.splits import Splits
from pretzel.importers.catboost.structure import Trees, require
from pretzel.plan.node import Node

WORD = 32


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes of binary trees."""

    split: np.ndarray
    """The split of an inner node."""
    false: np.ndarray
    """The child if the split is false; -1 at leaves."""
    true: np.ndarray
    """The child if the split is true; at leaves the row of the leaf values."""


def ensemble(x: Node, trees: Trees, splits: Splits) -> Node:
    """Return the sum of the leaves that each row reaches, in tree order, before scale and bias."""
    nodes, roots = expanded(trees, trees.leaves) if trees.steps is None else _stepwise(trees)
    whole = laid_out(nodes, roots, splits, len(trees.leaves))
    return forest.joined(x, [whole], table=leaf_table(trees.leaves), base=np.zeros(trees.dimension))


def leaf_table(leaves: np.ndarray) -> np.ndarray:
    """Return leaf values as a table, ``[leaves]`` if each has one value, else ``[leaves, k]``."""
    return np.ascontiguousarray(leaves[:, 0] if leaves.shape[1] == 1 else leaves)


def leaf_index(x: Node, trees: Trees, splits: Splits) -> Node:
    """Return the position of the leaf that each row reaches among the leaves of its tree.

    Leaves of a symmetric tree are not merged here.  Source: ``calc_leaf_indexes`` (``CalcLeafIndexesMulti``).
    """
    numbers = np.arange(len(trees.leaves))
    nodes, roots = expanded(trees, numbers) if trees.steps is None else _stepwise(trees)
    whole, leaf = laid_out(nodes, roots, splits, len(numbers)), nodes.false < 0
    tree = np.searchsorted(roots, np.arange(len(leaf)), "right") - 1 if trees.steps is None else _tree_of(trees)
    reached = nodes.true[leaf]
    first = np.full(len(roots), len(numbers))
    np.minimum.at(first, tree[leaf], reached)
    places = np.zeros(len(numbers), np.int32)
    places[reached] = reached - first[tree[leaf]]
    return forest.joined(x, [whole], table=places, aggregate="each")


def _tree_of(trees: Trees) -> np.ndarray:
    """Return the tree of each node that :func:`_stepwise` returns."""
    assert trees.steps is not None
    own = np.repeat(np.arange(len(trees.sizes)), trees.sizes)
    short = (trees.steps == 0) & ~(trees.steps == 0).all(axis=1)[:, None]
    return np.concatenate([own, own[np.nonzero(short)[0]]])


def laid_out(nodes: Nodes, roots: np.ndarray, splits: Splits, leaves: int) -> forest.Trees:
    """Return the trees of these nodes, whose leaves refer to rows of ``leaves`` values."""
    inner = nodes.false >= 0
    split = np.where(inner, nodes.split, 0)
    require(bool((nodes.true[~inner] < leaves).all()), "a node refers to a missing leaf")
    place = np.where(inner, splits.place[split], -1) if len(splits.place) else np.full(len(split), -1)
    left, right = _oriented(nodes, place)
    return forest.Trees(
        feature=_of(splits.column, split, inner),
        threshold=np.where(place < 0, _of(splits.border, split, inner), 0).astype(np.float32),
        left=left,
        right=right,
        missing_left=~_of(splits.nan_is_true, split, inner).astype(bool),
        leaves=np.where(inner, 0, nodes.true),
        roots=roots,
        **_bit_sets(place),
    )


def _of(values: np.ndarray, split: np.ndarray, inner: np.ndarray) -> np.ndarray:
    return np.where(inner, values[split], 0) if len(values) else np.zeros(len(split), values.dtype)


def _oriented(nodes: Nodes, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return left and right children: rows at most at the border go left, and rows in the set go left."""
    equals = place >= 0
    return np.where(equals, nodes.true, nodes.false), np.where(equals, nodes.false, nodes.true)


def _bit_sets(place: np.ndarray) -> dict[str, np.ndarray]:
    """Return one-element bit sets for nodes that compare with a category value; nodes share equal sets."""
    places, which = np.unique(place[place >= 0], return_inverse=True)
    if not len(places):
        return {}
    words = places // WORD + 1
    firsts = np.cumsum(words) - words
    sets = np.zeros(words.sum(), np.uint32)
    sets[firsts + words - 1] = np.uint32(1) << (places % WORD).astype(np.uint32)
    ranges = np.zeros((len(place), 2), np.int64)
    ranges[place >= 0] = np.column_stack([firsts, words])[which]
    return {"categories": sets, "category_range": ranges}


def expanded(trees: Trees, leaves: np.ndarray) -> tuple[Nodes, np.ndarray]:
    """Expand symmetric trees to binary ones; a run of equal ``leaves``, of 64 bits per value, becomes one leaf."""
    first_leaf = np.cumsum(1 << trees.sizes) - (1 << trees.sizes)
    bits = np.ascontiguousarray(leaves.reshape(len(leaves), -1)).view(np.int64)
    parts: list[Nodes] = []
    roots, count = [], 0
    for start, depth, leaf in zip(trees.starts.tolist(), trees.sizes.tolist(), first_leaf.tolist(), strict=True):
        part = _expanded(trees.splits[start : start + depth], bits[leaf : leaf + (1 << depth)], leaf, count)
        parts.append(part)
        roots.append(count)
        count += len(part.split)
    return _joined(parts), np.array(roots, np.int64)


def _expanded(splits: np.ndarray, bits: np.ndarray, first_leaf: int, first_node: int) -> Nodes:
    """Return the nodes of one symmetric tree, level by level, numbered from ``first_node``."""
    depth = len(splits)
    uniform = _uniform(bits, depth)
    levels: list[Nodes] = []
    runs, count = np.zeros(1, np.int64), first_node
    for level in range(depth + 1):
        inner = ~uniform[level][runs]
        count += len(runs)
        children = count + 2 * (np.cumsum(inner) - 1)
        split = np.full(len(runs), splits[depth - 1 - level] if level < depth else 0)
        leaf = first_leaf + (runs << (depth - level))
        levels.append(Nodes(split, np.where(inner, children, -1), np.where(inner, children + 1, leaf)))
        runs = np.column_stack([2 * runs[inner], 2 * runs[inner] + 1]).ravel()
    return _joined(levels)


def _uniform(bits: np.ndarray, depth: int) -> list[np.ndarray]:
    """Return, for each level, which of its runs of leaves are bitwise equal."""
    levels = [np.ones(len(bits), bool)]
    for level in range(depth):
        heads = bits[:: 1 << level]
        halves = levels[-1].reshape(-1, 2).all(axis=1)
        levels.append(halves & (heads[0::2] == heads[1::2]).all(axis=1))
    return levels[::-1]


def _stepwise(trees: Trees) -> tuple[Nodes, np.ndarray]:
    """Return non-symmetric trees from the distances to their children; a missing child becomes the leaf of its node."""
    assert trees.steps is not None and trees.leaf_of is not None
    own = np.arange(len(trees.steps))
    ends = (trees.steps == 0).all(axis=1)
    short = (trees.steps == 0) & ~ends[:, None]
    extra = np.where(short, len(own) + np.cumsum(short.ravel()).reshape(short.shape) - 1, -1)
    child = np.where(short, extra, own[:, None] + trees.steps)
    require(bool((child[~ends] < len(own) + short.sum()).all()), "a child is missing")
    require(bool((child[~short] < len(own)).all()), "a child is missing")
    leaf_of = trees.leaf_of[np.nonzero(short)[0]]
    return Nodes(
        split=np.concatenate([trees.splits, np.zeros(len(leaf_of), np.int64)]),
        false=np.concatenate([np.where(ends, -1, child[:, 0]), np.full(len(leaf_of), -1)]),
        true=np.concatenate([np.where(ends, trees.leaf_of, child[:, 1]), leaf_of]),
    ), trees.starts


def _joined(parts: list[Nodes]) -> Nodes:
    empty = np.empty(0, np.int64)
    return Nodes(
        np.concatenate([empty, *(part.split for part in parts)]),
        np.concatenate([empty, *(part.false for part in parts)]),
        np.concatenate([empty, *(part.true for part in parts)]),
    )
