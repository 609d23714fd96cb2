"""Operator for tree ensembles: forests and boosted trees of all libraries."""

from __future__ import annotations

import numpy as np

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

__all__ = ["TreeEnsemble"]

AGGREGATES = ("sum", "mean", "each")


class TreeEnsemble(Node):
    """The sum or mean of the leaf values that each row reaches, added in the order of the trees; or each leaf's value.

    The nodes of all trees are in one array, children after their parents.  At an inner node a row goes left if
    ``x[feature] <= threshold`` (``<`` if ``strict``), compared in the wider type; NaN follows ``missing_left``.  A leaf
    has ``left == -1``, and ``right`` is its row of ``leaves``.

    A categorical node has a bit set instead: a row goes left if bit ``x[feature]``, truncated to an integer, is set,
    and right if it is not set, is beyond the set or negative.

    With ``each`` nothing is added: leaves hold integers, and a row has one per tree, ``i32[trees]``: the index of the
    leaf, in the library's own numbering (``apply``, ``pred_leaf``, ``calc_leaf_indexes``).

    Source: ``sklearn.tree`` (float32 features, float64 thresholds, ``<=``), LightGBM (``<=``), XGBoost (``<``).
    """

    x: Node
    roots: Parameter
    """``i32[trees]``: index of each tree's root."""
    feature: Parameter
    """``i32[nodes]``: column to compare; 0 at leaves."""
    threshold: Parameter
    """``f32[nodes]`` or ``f64[nodes]``."""
    left: Parameter
    """``i32[nodes]``: left child, -1 at leaves."""
    right: Parameter
    """``i32[nodes]``: right child; at leaves the row of ``leaves``."""
    missing_left: Parameter
    """``bool[nodes]``: true if NaN goes left."""
    leaves: Parameter
    """``[leaves]`` or ``[leaves, k]`` floats: the value of each leaf; ``i32[leaves]`` with ``each``."""
    base: Parameter
    """``[1]`` or ``[k]`` numbers of the type of ``leaves``: the initial value of the sum; zero with ``each``."""
    group: Parameter | None = None
    """``i32[trees]``: if set, leaves are single values and tree t adds to column ``group[t]``, one per class."""
    aggregate: str = "sum"
    """sum; mean: the sum including ``base``, divided by the number of trees; or each."""
    strict: bool = False
    """If true, a value equal to a threshold goes right."""
    categories: Parameter | None = None
    """``u32[words]``: concatenated bit sets."""
    category_range: Parameter | None = None
    """``i32[nodes, 2]``: first word and number of words of each node's bit set; 0 words at numeric nodes."""
    compute_bound = True
    exact = True

    def infer(self) -> ValueType:
        """Dense floats in, one value or k columns out; an integer per tree with ``each``."""
        t = self.x.type
        if not t.is_float or t.layout != "dense" or t.width is None:
            raise self.fail(f"x: expected a dense matrix of floats, got {t}")
        if self.aggregate not in AGGREGATES:
            raise self.fail(f"aggregate: expected one of {', '.join(AGGREGATES)}, got {self.aggregate!r}")
        self._check_types()
        self._check_structure(t.width)
        self._check_categories()
        if self.aggregate == "each":
            return dense("i32", len(self.roots))
        if self.group is not None:
            return dense(self.leaves.dtype, len(self.base))
        return dense(self.leaves.dtype, self.leaves.shape[1] if len(self.leaves.shape) == 2 else None)

    def _check_types(self) -> None:
        nodes = self.feature.shape
        dtypes = {
            "roots": "i32",
            "feature": "i32",
            "left": "i32",
            "right": "i32",
            "missing_left": "bool",
            "group": "i32",
        }
        for name, dtype in dtypes.items():
            value = getattr(self, name)
            shape = (len(self.roots),) if name in ("roots", "group") else nodes
            if value is not None and (value.dtype != dtype or value.shape != shape):
                raise self.fail(f"{name}: expected {dtype}{list(shape)}, got {value.dtype}{list(value.shape)}")
        if self.threshold.dtype not in ("f32", "f64") or self.threshold.shape != nodes:
            raise self.fail(f"threshold: expected floats of shape {nodes}, got {self.threshold!r}")
        self._check_leaves()
        columns = self.leaves.shape[1:] or (1,) if self.group is None else self.base.shape
        if self.base.dtype != self.leaves.dtype or self.base.shape != columns or len(columns) != 1:
            raise self.fail(f"base: expected {self.leaves.dtype}{list(columns)}, got {self.base!r}")

    def _check_leaves(self) -> None:
        if self.aggregate == "each":
            if self.leaves.dtype != "i32" or len(self.leaves.shape) != 1 or self.group is not None:
                raise self.fail(f"leaves: expected i32[leaves] without group for aggregate each, got {self.leaves!r}")
            if self.base.array.any():
                raise self.fail("base: expected zero for aggregate each")
        elif self.leaves.dtype not in ("f32", "f64") or len(self.leaves.shape) not in (1, 2 - (self.group is not None)):
            raise self.fail(f"leaves: expected floats, one value or k per leaf, got {self.leaves!r}")

    def _check_structure(self, width: int) -> None:
        left, right, feature, roots = self.left.array, self.right.array, self.feature.array, self.roots.array
        n, inner = len(feature), left >= 0
        parents = inner.nonzero()[0]
        if n and left.min() < -1:
            raise self.fail(f"left: expected a child, or -1 at leaves, got {left.min()}")
        if (left[inner] <= parents).any() or (right[inner] <= parents).any():
            raise self.fail("left, right: a child does not come after its parent")
        if inner.any() and (left[inner].max() >= n or right[inner].max() >= n):
            raise self.fail(f"left, right: a child is beyond the {n} nodes")
        if ((feature < 0) | (feature >= width)).any():
            raise self.fail(f"feature: expected 0..{width - 1}")
        if (~inner).any() and not 0 <= right[~inner].min() <= right[~inner].max() < len(self.leaves):
            raise self.fail(f"right: a leaf refers to no row of the {len(self.leaves)} leaves")
        if len(roots) and not 0 <= roots.min() <= roots.max() < n:
            raise self.fail(f"roots: expected 0..{n - 1}")
        # Trees that share nodes could be exponentially larger when unrolled.
        if n and np.bincount(np.concatenate([left[inner], right[inner], roots]), minlength=n).max() > 1:
            raise self.fail("left, right, roots: a node has two parents")
        columns = self.group.array if self.group is not None else roots[:0]
        if len(columns) and not 0 <= columns.min() <= columns.max() < len(self.base):
            raise self.fail(f"group: expected 0..{len(self.base) - 1}")

    def _check_categories(self) -> None:
        if self.categories is None or self.category_range is None:
            if self.categories is not self.category_range:
                raise self.fail("categories, category_range: expected both or neither")
            return
        if self.categories.dtype != "u32" or len(self.categories.shape) != 1:
            raise self.fail(f"categories: expected u32[words], got {self.categories!r}")
        nodes = len(self.feature)
        if self.category_range.dtype != "i32" or self.category_range.shape != (nodes, 2):
            raise self.fail(f"category_range: expected i32[{nodes}, 2], got {self.category_range!r}")
        ranges = self.category_range.array.astype(np.int64)
        if (ranges < 0).any() or (ranges.sum(axis=1) > len(self.categories)).any():
            raise self.fail(f"category_range: a set is beyond the {len(self.categories)} words")
