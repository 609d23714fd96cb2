"""Operators on neighbours: find the nearest training rows, and combine their values.

Positions are ``i64[k]``: columns of a distance matrix, which are training rows; -1 means no row.
"""

from __future__ import annotations

import math

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense, sparse

__all__ = ["Barycenter", "Blend", "Gather", "Nearest", "NearestInTree", "Scatter"]

BLENDS = ("sum", "min")
TREE_METRICS = ("squares", "manhattan", "chebyshev", "powers", "canberra", "braycurtis", "hamming")


class Nearest(Node):
    """The positions of each row's ``count`` smallest values, ascending; the first of equal ones first, NaN last.

    The choice among equally distant rows is that of scikit-learn's heap: a value enters if it is below the largest
    inside, and the heap decides which of equal ones leaves.  Brute force agrees when it reads its rows in order: up to
    256 rows, in one thread, or over large batches; otherwise it depends on the number of threads.  For sparse rows, and
    metrics without a fast search, it uses NumPy's partial sort, which differs between machines.

    Source: ``kneighbors``, ``sklearn.utils._heap``; with ``first``, ``TopK`` of ONNX.
    """

    x: Node
    count: int
    """In 1..width."""
    limit: float = math.inf
    """The radius: larger values never enter the heap, and their positions are -1."""
    first: bool = False
    """If true, choose the lowest positions among equal values instead of the heap's."""
    later = ("first",)
    breaker = True
    exact = True

    def infer(self) -> ValueType:
        """Dense floats of at least ``count`` columns in, ``i64[count]`` out."""
        t = self.x.type
        if not t.is_float or t.layout != "dense" or not t.width or not 1 <= self.count <= t.width:
            raise self.fail(f"count: {self.count} of {t}; expected columns of dense floats, and 1 up to all of them")
        return dense("i64", self.count)


class NearestInTree(Node):
    """The positions of the ``count`` rows nearest to each row, ascending; among equal ones those the tree finds.

    The tree is scikit-learn's: node i has the children 2i + 1 and 2i + 2; a node farther than the farthest result is
    pruned, the nearer child is visited first, and the rows of a leaf go through the heap of :class:`Nearest`.  If the
    distances to all others overflow, position 0 replaces them.

    Source: ``KDTree.query``, ``BallTree.query``.
    """

    x: Node
    rows: Parameter
    """``f64[n, width]``: the training rows."""
    order: Parameter
    """``i64[n]``: rows in the order of the leaves."""
    spans: Parameter
    """``i64[nodes, 2]``: start and end of each node in ``order``."""
    low: Parameter
    """``f64[nodes, width]``: the lower corners of boxes, or the centers of balls."""
    high: Parameter
    """``f64[nodes, width]``: the upper corners of boxes; or ``f64[nodes]``, the radii of balls."""
    count: int
    """In 1..n."""
    metric: str
    """One of squares, manhattan, chebyshev, powers, canberra, braycurtis, hamming, as in ``Distances``."""
    p: float = 2.0
    """The exponent of ``powers``."""
    breaker = True
    compute_bound = True
    exact = True

    def infer(self) -> ValueType:
        """Dense float64 in, ``i64[count]`` out."""
        t, (n, width) = self.x.type, (len(self.rows), self.x.type.columns)
        if t.dtype != "f64" or t.layout != "dense":
            raise self.fail(f"x: expected dense f64, got {t}")
        if self.metric not in TREE_METRICS or not 0 < self.p < math.inf:
            raise self.fail(f"metric: expected one of {', '.join(TREE_METRICS)}, got {self.metric!r}, p={self.p}")
        if not 1 <= self.count <= n:
            raise self.fail(f"count: expected 1..{n}, got {self.count}")
        nodes = len(self.spans)
        shapes = {"rows": (n, width), "order": (n,), "spans": (nodes, 2), "low": (nodes, width)}
        for name, shape in shapes.items():
            if self.parameters[name].shape != shape or nodes == 0:
                raise self.fail(f"{name}: expected shape {shape}, got {self.parameters[name]}")
        if self.high.shape not in ((nodes, width), (nodes,)):
            raise self.fail(f"high: expected boxes or balls of {nodes} nodes, got {self.high}")
        order = self.order.array
        if order.dtype.kind != "i" or not 0 <= order.min() <= order.max() < n:
            raise self.fail(f"order: expected positions in 0..{n - 1}")
        return dense("i64", self.count)


class Gather(Node):
    """The values of each row at its positions; NaN at position -1."""

    x: Node
    positions: Node
    """``i64[k]``: columns of x, or -1."""

    def infer(self) -> ValueType:
        """A dense matrix of floats and ``i64[k]`` in, k columns of the type of x out."""
        t = self.x.type
        if not t.is_float or t.layout != "dense" or not t.width:
            raise self.fail(f"x: expected columns of dense floats, got {t}")
        return dense(t.dtype, _count(self, self.positions))


class Blend(Node):
    """The rows of ``table`` at each row's positions combined, column by column.

    ``sum`` is the sum of ``weight * entry`` in NumPy's order of addition along a row; ``min`` is the least of
    ``weight + entry``, or NaN if one is.  Position -1 adds zero, or infinity for ``min``.  Source:
    ``KNeighborsClassifier``, ``KNeighborsRegressor``, ``Isomap``.
    """

    positions: Node
    """``i64[k]``: rows of ``table``, or -1."""
    weights: Node
    """``f64[k]``: the weight of each position."""
    table: Parameter
    """``f64[n]`` or ``f64[n, m]``."""
    form: str = "sum"
    """sum or min."""
    breaker = True

    def infer(self) -> ValueType:
        """``i64[k]`` and ``f64[k]`` in; one f64 per row or m columns out."""
        if self.form not in BLENDS:
            raise self.fail(f"form: expected one of {', '.join(BLENDS)}, got {self.form!r}")
        if self.weights.type != dense("f64", _count(self, self.positions)):
            raise self.fail(f"weights: {self.weights.type} do not fit positions: {self.positions.type}")
        if self.table.dtype != "f64" or len(self.table.shape) not in (1, 2):
            raise self.fail(f"table: expected f64, one or two dimensions, got {self.table}")
        return dense("f64", self.table.shape[1] if len(self.table.shape) == 2 else None)


class Barycenter(Node):
    """The weights with sum one for which the rows at each row's positions best approximate it.

    They solve ``(C C' + r) w = 1``, where C is those rows minus x, and r the trace of ``C C'`` times ``regularization``
    (or ``regularization`` if the trace is zero).  They are NaN if a position is -1.  Source: ``barycenter_weights``
    (``LocallyLinearEmbedding``).
    """

    x: Node
    positions: Node
    """``i64[k]``: rows of ``rows``, or -1."""
    rows: Parameter
    """``f64[n, width]``."""
    regularization: float
    """Above zero: otherwise the weights of more rows than columns are not unique."""
    breaker = True
    compute_bound = True
    exact = True

    def infer(self) -> ValueType:
        """Dense float64 and ``i64[k]`` in, ``f64[k]`` out."""
        t = self.x.type
        if t.dtype != "f64" or t.layout != "dense":
            raise self.fail(f"x: expected dense f64, got {t}")
        if self.rows.dtype != "f64" or len(self.rows.shape) != 2 or self.rows.shape[1] != t.columns:
            raise self.fail(f"rows: expected f64[n, {t.columns}], got {self.rows}")
        if not 0 < self.regularization < math.inf:
            raise self.fail(f"regularization: expected a number above 0, got {self.regularization}")
        return dense("f64", _count(self, self.positions))


class Scatter(Node):
    """A sparse row with each value at its position; position -1, and repeated positions, are left out.

    Zeros are stored like other values.  Source: ``kneighbors_graph``.
    """

    positions: Node
    """``i64[k]``: columns of the result, or -1."""
    values: Node
    """k columns of f32 or f64: the value of each position."""
    width: int
    """Columns of the result, 0 or more."""
    breaker = True

    def infer(self) -> ValueType:
        """``i64[k]`` and k columns of floats in, sparse rows of ``width`` columns out."""
        t = self.values.type
        if not t.is_float or t != dense(t.dtype, _count(self, self.positions)):
            raise self.fail(f"values: {t} do not fit positions: {self.positions.type}")
        if self.width < 0:
            raise self.fail(f"width: expected 0 or more, got {self.width}")
        return sparse(t.dtype, self.width)


def _count(node: Node, positions: Node) -> int:
    t = positions.type
    if not t.width or t != dense("i64", t.width):
        raise node.fail(f"positions: expected i64 columns, got {t}")
    return t.width
