"""Matrix products and distances."""

from __future__ import annotations

import math

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

__all__ = ["Distances", "Linear"]

METRICS = (
    *("sqeuclidean", "euclidean", "cosine", "manhattan", "chebyshev"),
    *("squares", "powers", "canberra", "braycurtis", "hamming", "chi2", "nan_euclidean"),
)

SPARSE_METRICS = ("sqeuclidean", "euclidean")
"""Metrics computed on sparse rows; the others need dense rows."""


class Linear(Node):
    """``x @ weights + bias``, summed in the wider of the two types: linear models, PCA, SVD, matrix products.

    One-dimensional weights return one value per row, two-dimensional weights k columns.
    """

    x: Node
    weights: Parameter
    """``[width]`` or ``[width, k]`` floats."""
    bias: Parameter | None = None
    """``[1]`` or ``[k]`` floats."""
    in_order: bool = False
    """If true, each of the k sums is taken in column order, because its last bit matters."""
    compute_bound = True
    linear = True
    associative = True

    def infer(self) -> ValueType:
        """Floats in, dense floats out: f32 only if x and weights are."""
        t, shape = self.x.type, self.weights.shape
        if (
            not t.is_float
            or len(shape) not in (1, 2)
            or shape[0] != t.columns
            or self.weights.dtype not in ("f32", "f64")
        ):
            raise self.fail(f"weights: {self.weights.dtype}{list(shape)} does not fit x: {t}")
        k = shape[1] if len(shape) == 2 else None
        if self.bias is not None and self.bias.shape != (k or 1,):
            raise self.fail(f"bias: expected shape ({k or 1},), got {self.bias.shape}")
        if self.in_order and (k is None or t.layout != "dense"):
            raise self.fail(f"in_order: expected dense rows and weights of two dimensions, got {t}, {list(shape)}")
        return dense("f64" if "f64" in (t.dtype, self.weights.dtype) else "f32", k)


class Distances(Node):
    """The distance of each row to each center (``KMeans.transform``, ``pairwise_distances``).

    ``sqeuclidean``, ``euclidean`` and ``cosine`` are computed from products, as in scikit-learn, and lose digits to
    cancellation.  The others are summed column by column: ``squares`` is the sum of ``(x - c)**2``, as in libsvm,
    SciPy's ``cdist`` and neighbour trees, and ``powers`` that of ``abs(x - c)**p`` (Minkowski without the root);
    ``chi2`` is the sum of ``(x - c)**2 / (x + c)`` over nonzero divisors; ``nan_euclidean`` leaves out the columns in
    which either is NaN and scales the rest up (``nan_euclidean_distances``), and is NaN if none is left.  The rest are
    SciPy's metrics of that name.
    """

    x: Node
    centers: Parameter
    """``[k, width]`` floats."""
    metric: str
    """One of those above, manhattan, chebyshev, canberra, braycurtis or hamming; only the first two for sparse rows."""
    p: float = 2.0
    """The exponent of ``powers``, above zero; not used by other metrics."""
    compute_bound = True
    exact = True

    def infer(self) -> ValueType:
        """Floats in, k distances out."""
        if self.metric not in METRICS:
            raise self.fail(f"metric: expected one of {', '.join(METRICS)}, got {self.metric!r}")
        if self.x.type.layout == "sparse" and self.metric not in SPARSE_METRICS:
            raise self.fail(f"metric: {self.metric} needs dense rows, got {self.x.type}; insert a densify before it")
        if not 0 < self.p < math.inf:
            raise self.fail(f"p: expected a finite number above 0, got {self.p}")
        shape = self.centers.shape
        if len(shape) != 2 or shape[1] != self.x.type.columns or not self.x.type.is_float:
            raise self.fail(f"centers: shape {shape} does not fit x: {self.x.type}")
        return dense("f64" if "f64" in (self.x.type.dtype, self.centers.dtype) else "f32", shape[0])
