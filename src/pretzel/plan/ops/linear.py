"""Operators that are products of matrices, and distances."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

METRICS = ("sqeuclidean", "euclidean", "manhattan", "chebyshev", "cosine")


class Linear(Node):
    """``x @ weights + bias``, summed in the wider of the two types: linear models, PCA, SVD, matrix products.

    Weights of one dimension give one value a row, weights of two give k columns.
    """

    x: Node
    weights: Parameter
    """``[width]`` or ``[width, k]`` floats."""
    bias: Parameter | None = None
    """``[1]`` or ``[k]`` floats."""
    compute_bound = True
    linear = True
    associative = True

    def infer(self) -> ValueType:
        """Floats in, dense floats out: f32 only where x and weights are."""
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
        return dense("f64" if "f64" in (t.dtype, self.weights.dtype) else "f32", k)


class Distances(Node):
    """The distance of each row to each center (``KMeans.transform``, ``pairwise_distances``)."""

    x: Node
    centers: Parameter
    """``[k, width]`` floats."""
    metric: str
    compute_bound = True
    exact = True

    def infer(self) -> ValueType:
        """Floats in, k distances out."""
        if self.metric not in METRICS:
            raise self.fail(f"metric: expected one of {', '.join(METRICS)}, got {self.metric!r}")
        shape = self.centers.shape
        if len(shape) != 2 or shape[1] != self.x.type.columns or not self.x.type.is_float:
            raise self.fail(f"centers: shape {shape} does not fit x: {self.x.type}")
        return dense("f64" if "f64" in (self.x.type.dtype, self.centers.dtype) else "f32", shape[0])
