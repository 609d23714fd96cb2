"""Operator for feature contributions: the Shapley value of each feature in a forest's answer."""

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
"""Most columns of one row: 512 MiB of float64."""


class TreeContributions(Node):
    """The SHAP value of each feature for each output of a forest, followed by the expected value.

    The fields shared with ``TreeEnsemble`` have the same meaning.  An output has ``width + 1`` columns: the
    contribution of each feature, and ``bias``.  The outputs are concatenated.  For an unknown feature both children of
    a node count, weighted by ``cover[child] / cover[parent]``.

    With ``interactions`` an output has ``(width + 1) ** 2`` columns, a symmetric matrix in row-major order: half the
    interaction of each pair of features on either side of the diagonal, the remainder of each feature on the diagonal,
    and ``bias`` in the last entry.

    Source: path-dependent TreeSHAP (Lundberg et al. 2018), as LightGBM (``Tree::TreeSHAP``), XGBoost
    (``CalculateContributions``) and ``shap.TreeExplainer`` compute it.  Sums are float64, even for float32 leaves.
    """

    x: Node
    roots: Parameter
    """``i32[trees]``: index of each tree's root."""
    feature: Parameter
    """``i32[nodes]``: column of x to compare; 0 at leaves."""
    threshold: Parameter
    """``f32[nodes]`` or ``f64[nodes]``."""
    left: Parameter
    """``i32[nodes]``: left child, -1 at leaves."""
    right: Parameter
    """``i32[nodes]``: right child; at leaves the row of ``leaves``."""
    missing_left: Parameter
    """``bool[nodes]``: true if NaN goes left."""
    leaves: Parameter
    """``[leaves]`` or ``[leaves, k]`` floats: the value of each leaf."""
    cover: Parameter
    """``f32[nodes]`` or ``f64[nodes]``: weight of the training rows that reached each node; above 0 at inner nodes."""
    bias: Parameter
    """``[k]`` floats of the type of ``leaves``: the expected value of each output."""
    width: int
    """Number of features."""
    features: Parameter | None = None
    """``i32[columns]``: the feature that each column of x belongs to; None: column i is feature i."""
    group: Parameter | None = None
    """``i32[trees]``: if set, leaves are single values and tree t adds to output ``group[t]``."""
    aggregate: str = "sum"
    """sum, or mean: the sum divided by the number of trees."""
    strict: bool = False
    """If true, a value equal to a threshold goes right."""
    categories: Parameter | None = None
    """``u32[words]``: concatenated bit sets."""
    category_range: Parameter | None = None
    """``i32[nodes, 2]``: first word and number of words of each node's bit set; 0 words at numeric nodes."""
    interactions: bool = False
    """If true, compute the interaction of each pair of features."""
    compute_bound = True
    exact = True

    def infer(self) -> ValueType:
        """Dense floats in, ``width + 1`` columns per output out; its square with interactions."""
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
            raise self.fail(f"width: {self.width} features make {columns} columns, at most {MOST_COLUMNS} are allowed")
        return dense(self.leaves.dtype, columns)

    @property
    def forest(self) -> TreeEnsemble:
        """The forest, with sums that start at 0."""
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
        columns, features = self.x.type.columns, self.features
        if features is not None and (features.dtype != "i32" or features.shape != (columns,)):
            raise self.fail(f"features: expected i32[{columns}], got {features!r}")
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
        """Yield the :func:`levels` of this forest."""
        return levels(self.forest, self.feature_of_column)


Level = tuple[np.ndarray, np.ndarray, np.ndarray]


def levels(forest: TreeEnsemble, features: np.ndarray) -> Iterator[Level]:
    """Yield for each level its nodes, their trees, and the number of distinct features on the path above each.

    ``features``: the feature that each column of x belongs to.
    """
    left, right = forest.left.array, forest.right.array
    feature = features[forest.feature.array] if len(features) else forest.feature.array
    nodes, tree = forest.roots.array.astype(np.int64), np.arange(len(forest.roots))
    above = np.full((len(nodes), 0), -1, np.int32)  # the distinct features above each node, padded in front with -1
    while len(nodes):
        yield nodes, tree, (above >= 0).sum(axis=1)
        inner = left[nodes] >= 0
        nodes, tree, above = nodes[inner], tree[inner], _extended(above[inner], feature[nodes[inner]])
        nodes, tree = np.column_stack([left[nodes], right[nodes]]).ravel(), np.repeat(tree, 2)
        above = np.repeat(above, 2, axis=0)


def too_long(forest: TreeEnsemble, features: np.ndarray) -> str:
    """Return the reason why the paths of a forest are too long for contributions; empty if they are not."""
    for depth, (_, _, different) in enumerate(levels(forest, features)):
        if depth > MOST_DEPTH:
            return f"a tree has more than {MOST_DEPTH} nodes on a path, the limit for contributions"
        if different.max(initial=0) > MOST_ON_A_PATH:
            return f"a path compares more than {MOST_ON_A_PATH} features, the limit for contributions"
    return ""


def _extended(above: np.ndarray, feature: np.ndarray) -> Any:
    """Return the sets of features with ``feature`` added, as wide as the largest."""
    new = np.where((above == feature[:, None]).any(axis=1), -1, feature)
    sets = np.column_stack([above, new]).astype(np.int32)
    sets.sort(axis=1)
    return sets[:, (sets >= 0).any(axis=0)]
