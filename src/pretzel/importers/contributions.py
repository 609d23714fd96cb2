"""Feature contributions to the answer of a forest, as an output of its model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pretzel.importers.forest import Trees, levels
from pretzel.importers.registry import Methods
from pretzel.plan import ops
from pretzel.plan.multioutput import part_name
from pretzel.plan.node import Node
from pretzel.plan.ops.contributions import MOST_COLUMNS, too_long
from pretzel.plan.parameter import Parameter

METHOD, PAIRS = "contributions", "interactions"
MOST_PAIRS = 1 << 20
"""Most columns of all matrices of interactions; the output is not offered beyond."""


def contributions(
    forest: Node,
    trees: Sequence[Trees],
    bias: np.ndarray,
    *,
    width: int,
    features: np.ndarray | None = None,
    interactions: bool = False,
) -> Node | None:
    """Return the operator over the trees of a forest.

    ``bias`` is the expected value of each output, ``width`` the number of features, and ``features`` the feature of
    each column that the forest reads.  Returns None if contributions are not defined (no cover is recorded, or a split
    has cover 0), or if a tree is too deep or a matrix too wide to compute them.
    """
    return of_covers(forest, _cover(trees), bias, width=width, features=features, interactions=interactions)


def of_covers(
    forest: Node,
    cover: np.ndarray | None,
    bias: np.ndarray,
    *,
    width: int,
    features: np.ndarray | None = None,
    interactions: bool = False,
) -> Node | None:
    """Do as :func:`contributions`, by the weights of training rows in each node."""
    side = (width + 1) ** 2 if interactions else width + 1
    if not isinstance(forest, ops.TreeEnsemble) or cover is None or width < 1:
        return None
    if side * len(bias) > (MOST_PAIRS if interactions else MOST_COLUMNS):
        return None
    inner, shared = forest.left.array >= 0, {name: getattr(forest, name) for name in _SHARED}
    if not (np.isfinite(cover).all() and (cover >= 0).all() and (cover[inner] > 0).all()):
        return None
    of_column = np.arange(forest.x.type.columns) if features is None else features
    if too_long(forest, of_column):
        return None
    return ops.TreeContributions(
        **shared,
        cover=Parameter.of(_narrowed(cover)),
        bias=Parameter.of(bias.astype(forest.leaves.array.dtype)),
        width=width,
        features=None if features is None else Parameter.of(features.astype(np.int32)),
        interactions=interactions,
    )


def each_output(method: str, node: Node | None, outputs: int) -> Methods:
    """Return a method with a matrix for each output of the model; empty without a node."""
    if node is None or outputs == 1:
        return {} if node is None else {method: node}
    places = np.split(np.arange(node.type.columns), outputs)
    return {part_name(method, i): ops.Select(node, Parameter.of(columns)) for i, columns in enumerate(places)}


@np.errstate(all="ignore")
def expected_value(tree: Trees) -> Any:
    """Return the mean of the leaves of a tree weighted by their covers, from the leaves up and in their type."""
    cover = np.ones(len(tree.left), np.float32) if tree.cover is None else tree.cover
    mean, cover = tree.leaves.copy(), cover.reshape(-1, *[1] * (tree.leaves.ndim - 1))
    for level in reversed(list(levels(tree.left, tree.right))):
        nodes = level[tree.left[level] >= 0]
        left, right = tree.left[nodes], tree.right[nodes]
        mean[nodes] = (mean[left] * cover[left] + mean[right] * cover[right]) / cover[nodes]
    return mean[0]


_SHARED = [name for name in ops.TreeEnsemble.fields if name != "base"]


def _cover(trees: Sequence[Trees]) -> np.ndarray | None:
    covers = [one.cover for one in trees if one.cover is not None]
    return np.concatenate(covers) if trees and len(covers) == len(trees) else None


def _narrowed(cover: np.ndarray) -> np.ndarray:
    """Return weights as float32 if that holds them exactly, as it does most counts."""
    with np.errstate(over="ignore"):
        narrow = cover.astype(np.float32)
    return narrow if (narrow == cover).all() else cover.astype(np.float64)
