"""Contributions: how much each feature adds to what a forest answers, by its Shapley value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pretzel.errors import DefinitionError
from pretzel.plan.node import Node
from pretzel.plan.ops.trees import TreeEnsemble
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

__all__ = ["TreeContributions"]

MOST_DEPTH = 1000
"""Edges on the longest path of a tree."""
MOST_ON_A_PATH = 128
"""Different features on one path of a tree."""
MOST_COLUMNS = 1 << 26
"""What one row may take: 512 MiB of float64."""


class TreeContributions(Node):
    """The SHAP value of each feature for each output of a forest, and the expected value last.

    Trees are those of ``TreeEnsemble``: all fields of the same name mean the same.  An output has ``width + 1``
    columns: what each feature adds, and ``bias``.  The outputs lie one after the other.  Where a feature is not known,
    both children of a node count, each by its share ``cover[child] / cover[parent]``.

    With ``interactions`` an output has ``(width + 1) ** 2`` columns, a symmetric matrix row by row: half of what each
    pair of features adds on either side of the diagonal, on the diagonal what is left of each feature, and ``bias`` in
    the last place.

    Source: path-dependent TreeSHAP (Lundberg et al. 2018), as LightGBM (``Tree::TreeSHAP``), XGBoost
    (``CalculateContributions``) and ``shap.TreeExplainer`` compute it.  Sums are float64, also of float32 leaves.
    """

    x: Node
    roots: Parameter
    """``i32[trees]``: index of each tree's root."""
    feature: Parameter
    """``i32[nodes]``: column of x compared; 0 at leaves."""
    threshold: Parameter
    """``f32[nodes]`` or ``f64[nodes]``."""
    left: Parameter
    """``i32[nodes]``: left child, -1 at leaves."""
    right: Parameter
    """``i32[nodes]``: right child; at leaves the row of ``leaves``."""
    missing_left: Parameter
    """``bool[nodes]``: where NaN goes."""
    leaves: Parameter
    """``[leaves]`` or ``[leaves, k]`` floats: what a leaf adds."""
    cover: Parameter
    """``f32[nodes]`` or ``f64[nodes]``: weight of the training rows that reached each node; above 0 at inner nodes."""
    bias: Parameter
    """``[k]`` floats of the type of ``leaves``: the expected value of each output."""
    width: int
    """How many features there are."""
    features: Parameter | None = None
    """``i32[columns]``: the feature that each column of x belongs to; where not given, column i is feature i."""
    group: Parameter | None = None
    """``i32[trees]``: where given, leaves are single values and tree t adds to output ``group[t]``."""
    aggregate: str = "sum"
    """sum, or mean: what trees add, divided by their number."""
    strict: bool = False
    """Whether what equals a threshold goes right."""
    categories: Parameter | None = None
    """``u32[words]``: bit sets, back to back."""
    category_range: Parameter | None = None
    """``i32[nodes, 2]``: first word and number of words of each node's bit set; 0 words at numeric nodes."""
    interactions: bool = False
    """Whether pairs of features are told apart."""
    compute_bound = True
    exact = True

    def infer(self) -> ValueType:
        """Dense floats in, a matrix of ``width + 1`` columns an output out; with interactions its square."""
        if self.aggregate not in ("sum", "mean"):
            raise self.fail(f"aggregate: expected sum or mean, got {self.aggregate!r}")
        try:
            outputs = self.forest.type.columns
        except DefinitionError as error:
            raise self.fail(str(error)) from None
        self._check_shapes(outputs)
        self._check_features()
        self._check_cover()
        self._check_paths()
        columns = outputs * (self.width + 1) ** (2 if self.interactions else 1)
        if columns > MOST_COLUMNS:
            raise self.fail(
                f"width: {self.width} features make {columns} columns, of which {MOST_COLUMNS} are the most"
            )
        return dense(self.leaves.dtype, columns)

    @property
    def forest(self) -> TreeEnsemble:
        """The forest itself, whose sums begin with 0."""
        shape = self.bias.shape if self.group is not None else self.leaves.shape[1:] or (1,)
        base = Parameter.of(np.zeros(shape, self.leaves.array.dtype))
        shared = {name: getattr(self, name) for name in TreeEnsemble.fields if name != "base"}
        return TreeEnsemble(**shared, base=base)

    @property
    def feature_of_column(self) -> np.ndarray:
        """``i32[columns]``: the feature that each column of x belongs to."""
        return np.arange(self.x.type.columns, dtype=np.int32) if self.features is None else self.features.array

    def _check_shapes(self, outputs: int) -> None:
        if self.bias.dtype != self.leaves.dtype or self.bias.shape != (outputs,):
            raise self.fail(f"bias: expected {self.leaves.dtype}[{outputs}], got {self.bias!r}")
        if self.width < 1:
            raise self.fail(f"width: expected at least one feature, got {self.width}")

    def _check_features(self) -> None:
        columns, given = self.x.type.columns, self.features
        if given is not None and (given.dtype != "i32" or given.shape != (columns,)):
            raise self.fail(f"features: expected i32[{columns}], got {given!r}")
        of_column = self.feature_of_column
        if not 0 <= of_column.min(initial=0) <= of_column.max(initial=0) < self.width:
            raise self.fail(f"features: expected 0..{self.width - 1}")

    def _check_cover(self) -> None:
        if self.cover.dtype not in ("f32", "f64") or self.cover.shape != self.feature.shape:
            raise self.fail(f"cover: expected floats of shape {self.feature.shape}, got {self.cover!r}")
        cover, inner = self.cover.array, self.left.array >= 0
        if not (np.isfinite(cover).all() and (cover >= 0).all() and (cover[inner] > 0).all()):
            raise self.fail("cover: expected finite weights from 0, above 0 at inner nodes")

    def _check_paths(self) -> None:
        problem = too_long(self.forest, self.feature_of_column)
        if problem:
            raise self.fail(problem)

    def levels(self) -> Iterator[Level]:
        """Yield what :func:`levels` yields of this forest."""
        return levels(self.forest, self.feature_of_column)


Level = tuple[np.ndarray, np.ndarray, np.ndarray]


def levels(forest: TreeEnsemble, features: np.ndarray) -> Iterator[Level]:
    """Yield level by level the nodes, the tree of each, and how many different features are asked for above each.

    ``features``: the feature that each column of x belongs to.
    """
    left, right = forest.left.array, forest.right.array
    feature = features[forest.feature.array] if len(features) else forest.feature.array
    nodes, tree = forest.roots.array.astype(np.int64), np.arange(len(forest.roots))
    above = np.full((len(nodes), 0), -1, np.int32)  # the different features above each node, after some -1
    while len(nodes):
        yield nodes, tree, (above >= 0).sum(axis=1)
        inner = left[nodes] >= 0
        nodes, tree, above = nodes[inner], tree[inner], _extended(above[inner], feature[nodes[inner]])
        nodes, tree = np.column_stack([left[nodes], right[nodes]]).ravel(), np.repeat(tree, 2)
        above = np.repeat(above, 2, axis=0)


def too_long(forest: TreeEnsemble, features: np.ndarray) -> str:
    """Return why the paths of a forest are too long for contributions, or nothing where they are not."""
    for depth, (_, _, different) in enumerate(levels(forest, features)):
        if depth > MOST_DEPTH:
            return f"a tree has more than {MOST_DEPTH} nodes on a path, with which contributions are computed at most"
        if different.max(initial=0) > MOST_ON_A_PATH:
            return f"a path asks for more than {MOST_ON_A_PATH} features, with which contributions are computed at most"
    return ""


def _extended(above: np.ndarray, feature: np.ndarray) -> Any:
    """Return the sets of features with one more in each, no wider than the largest needs."""
    new = np.where((above == feature[:, None]).any(axis=1), -1, feature)
    sets = np.column_stack([above, new]).astype(np.int32)
    sets.sort(axis=1)
    return sets[:, (sets >= 0).any(axis=0)]
