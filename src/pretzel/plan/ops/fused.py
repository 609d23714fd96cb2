"""Operators that the Oven's rewrites create; importers rarely use them."""

from __future__ import annotations

import numpy as np

from pretzel.plan.node import Node
from pretzel.plan.ops.dense import NORMS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

__all__ = ["NormalizedLinear", "RequireFiniteProduct", "RequireWithin", "Sum"]


class Sum(Node):
    """The sum of all parts in order, then the bias: a matrix product split along its columns."""

    parts: tuple[Node, ...]
    """At least one, dense f32 or f64, all of one type and width."""
    bias: Parameter | None = None
    """``[1]`` or ``[k]`` floats."""
    linear = True
    associative = True

    def infer(self) -> ValueType:
        """Dense floats of one type in, the same type out."""
        types = {part.type for part in self.parts}
        t = next(iter(types), None)
        if t is None or len(types) > 1 or t.layout != "dense" or not t.is_float:
            raise self.fail(f"parts: expected dense floats of one type, got {', '.join(map(str, types)) or 'none'}")
        if self.bias is not None and (self.bias.shape != (t.columns,) or self.bias.dtype not in ("f32", "f64")):
            raise self.fail(f"bias: {self.bias.dtype}{list(self.bias.shape)} does not fit {t}")
        return t


class NormalizedLinear(Node):
    """``(x @ weights) / norm(x) + bias``, with the norm taken in the same pass; a row with norm zero is not divided.

    Equal to ``Linear(Normalize(x))`` of sparse rows up to rounding, without an intermediate value.
    """

    x: Node
    weights: Parameter
    """``f64[width]`` or ``f64[width, k]``."""
    bias: Parameter | None
    """``[1]`` or ``[k]`` floats."""
    norm: str
    """One of l1, l2, max."""
    breaker = True
    compute_bound = True

    def infer(self) -> ValueType:
        """Float64 in, dense float64 out."""
        t, shape = self.x.type, self.weights.shape
        if self.norm not in NORMS:
            raise self.fail(f"norm: expected one of {', '.join(NORMS)}, got {self.norm!r}")
        if (
            not t.is_float
            or t.dtype != "f64"
            or self.weights.dtype != "f64"
            or len(shape) not in (1, 2)
            or shape[0] != t.columns
        ):
            raise self.fail(f"weights: {self.weights.dtype}{list(shape)} does not fit x: {t}; both are f64")
        k = shape[1] if len(shape) == 2 else None
        if self.bias is not None and self.bias.shape != (k or 1,):
            raise self.fail(f"bias: expected shape ({k or 1},), got {self.bias.shape}")
        return dense("f64", k)


class RequireWithin(Node):
    """x unchanged; a NaN, or a value outside ``low .. high`` of its column, is an error that names row and column.

    It replaces ``RequireFinite`` of a monotonic function of x, or an estimator's own check, which has a ``reason``.
    """

    x: Node
    low: Parameter
    """``f64[width]``, finite."""
    high: Parameter
    """``f64[width]``, finite."""
    owner: str
    """The estimator that rejects the value, for the error message."""
    allow_nan: bool = False
    """If true, NaN is allowed."""
    reason: str = ""
    """The library's reason to reject a value outside; empty: it is too large."""
    refuses = True

    def infer(self) -> ValueType:
        """Dense float64 in, the same type out."""
        t = self.x.type
        if t.dtype != "f64" or t.layout != "dense":
            raise self.fail(f"x: expected dense f64, got {t}")
        for name, limit in self.parameters.items():
            if limit.dtype != "f64" or limit.shape != (t.columns,) or not np.isfinite(limit.array).all():
                raise self.fail(f"{name}: expected {t.columns} finite f64, got {limit}")
        return t


class RequireFiniteProduct(Node):
    """x unchanged; a row for which ``((x - mean) / scale) @ weights + bias`` is not all finite is an error.

    It replaces ``RequireFinite`` of a linear model of x, and multiplies only if a row is so large that a product could
    overflow; so the check does not need the linear model.
    """

    x: Node
    weights: Parameter
    """``f64[width]`` or ``f64[width, k]``, finite."""
    bias: Parameter | None
    """``f64[1]`` or ``f64[k]``, finite."""
    owner: str
    """The estimator that rejects the row, for the error message."""
    mean: Parameter | None = None
    """``f64[width]``, finite."""
    scale: Parameter | None = None
    """``f64[width]``, finite and not zero."""
    refuses = True

    def infer(self) -> ValueType:
        """A dense matrix of float64 in, the same type out."""
        t, shape = self.x.type, self.weights.shape
        if t.dtype != "f64" or t.layout != "dense" or t.width is None:
            raise self.fail(f"x: expected a dense matrix of f64, got {t}")
        k = shape[1] if len(shape) == 2 else 1
        shapes = {"weights": (t.width, k) if len(shape) == 2 else (t.width,)}
        shapes |= {"bias": (k,), "mean": (t.width,), "scale": (t.width,)}
        for name, value in self.parameters.items():
            if value.dtype != "f64" or value.shape != shapes[name] or not np.isfinite(value.array).all():
                raise self.fail(f"{name}: expected finite f64{list(shapes[name])}, got {value}")
        if self.scale is not None and not self.scale.array.all():
            raise self.fail("scale: expected no zeros, got one")
        return t

    def checks(self, weights: Parameter, bias: Parameter | None) -> bool:
        """Return whether this node checks the linear model of x with these weights and bias."""
        return self.weights is weights and self.bias is bias and self.mean is None and self.scale is None
