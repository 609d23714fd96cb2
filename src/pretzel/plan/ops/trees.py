"""The tree ensemble: every kind of forest and boosted trees in one operator."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

AGGREGATES = ("sum", "mean")


class TreeEnsemble(Node):
    """The sum, or the mean, of the leaf values that each row reaches, tree by tree, added in tree order.

    Nodes of all trees lie in one array, children after their parents.  At an inner node a row goes left where
    ``x[feature] <= threshold`` (``<`` where ``strict``), compared in the wider type; a NaN goes the way
    ``missing_left`` says.  A leaf has ``left == -1`` and holds in ``right`` its row of ``leaves``.

    Source: ``sklearn.tree`` (float32 features, float64 thresholds, ``<=``), LightGBM (``<=``), XGBoost (``<``).
    """

    x: Node
    roots: Parameter
    """``i32[trees]``: index of each tree's root."""
    feature: Parameter
    """``i32[nodes]``: column compared; 0 at leaves."""
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
    base: Parameter
    """``[1]`` or ``[k]`` floats: what the sum begins with."""
    group: Parameter | None = None
    """``i32[trees]``: where given, leaves are single values and tree t adds to column ``group[t]``, one a class."""
    aggregate: str = "sum"
    strict: bool = False
    categories: Parameter | None = None
    """``u32[words]`` bit sets; a categorical node has ``threshold`` NaN and its sets in ``category_range``."""
    category_range: Parameter | None = None
    """``i32[nodes, 2]``: first word and number of words of each node's bit set; 0 words at numeric nodes."""
    compute_bound = True

    def infer(self) -> ValueType:
        """Dense floats in, one value or k columns out."""
        t = self.x.type
        if not t.is_float or t.layout != "dense" or t.width is None:
            raise self.fail(f"x: expected a dense matrix of floats, got {t}")
        n = (len(self.feature),)
        for name in ("threshold", "left", "right", "missing_left"):
            if getattr(self, name).shape != n:
                raise self.fail(f"{name}: expected {n[0]} nodes, got {getattr(self, name).shape}")
        if self.aggregate not in AGGREGATES:
            raise self.fail(f"aggregate: expected one of {', '.join(AGGREGATES)}, got {self.aggregate!r}")
        self._check_structure(t.width)
        if self.group is not None:
            return dense(self.leaves.dtype, len(self.base))
        return dense(self.leaves.dtype, self.leaves.shape[1] if len(self.leaves.shape) == 2 else None)

    def _check_structure(self, width: int) -> None:
        left, right, feature = self.left.array, self.right.array, self.feature.array
        inner = left >= 0
        parents = inner.nonzero()[0]
        if (left[inner] <= parents).any() or (right[inner] <= parents).any():
            raise self.fail("left, right: a child does not come after its parent")
        n = len(feature)
        if inner.any() and (left[inner].max() >= n or right[inner].max() >= n):
            raise self.fail(f"left, right: a child lies beyond the {n} nodes")
        if ((feature < 0) | (feature >= width)).any():
            raise self.fail(f"feature: expected 0..{width - 1}")
        if (~inner).any() and not 0 <= right[~inner].min() <= right[~inner].max() < len(self.leaves):
            raise self.fail(f"right: a leaf names no row of the {len(self.leaves)} leaves")
        roots = self.roots.array
        if len(roots) and not 0 <= roots.min() <= roots.max() < n:
            raise self.fail(f"roots: expected 0..{n - 1}")
