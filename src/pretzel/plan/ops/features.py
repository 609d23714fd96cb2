"""Operators that make features of numbers: bins, products of columns, powers."""

from __future__ import annotations

import numpy as np

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

POWERS = ("power", "box_cox", "yeo_johnson")


class Bin(Node):
    """How many edges of its column each value has reached (``numpy.searchsorted``, side right); NaN reaches all.

    Compared in float64, whatever the type of x.  Source: ``KBinsDiscretizer``.
    """

    x: Node
    edges: Parameter
    """``f64[n]``: the edges of all columns, ascending within each."""
    starts: Parameter
    """``i64[width + 1]``: where the edges of each column begin."""
    exact = True

    def infer(self) -> ValueType:
        """Dense floats in, i64 of the same width out."""
        t, starts = self.x.type, self.starts
        if not t.is_float or t.layout != "dense":
            raise self.fail(f"x: expected dense floats, got {t}")
        if self.edges.dtype != "f64" or len(self.edges.shape) != 1:
            raise self.fail(f"edges: expected f64[n], got {self.edges}")
        if starts.dtype != "i64" or starts.shape != (t.columns + 1,):
            raise self.fail(f"starts: expected i64[{t.columns + 1}], got {starts}")
        if starts.array[0] != 0 or starts.array[-1] != len(self.edges) or (np.diff(starts.array) < 0).any():
            raise self.fail(f"starts: expected to rise from 0 to {len(self.edges)}")
        return dense("i64", t.width)


class Products(Node):
    """Products of columns: one result for each row of ``factors``, multiplied from left to right.

    Source: ``PolynomialFeatures``.
    """

    x: Node
    factors: Parameter
    """``i64[k, degree]``: columns in 0..width-1; -1 is no factor, and a product of none is 1."""

    def infer(self) -> ValueType:
        """A dense matrix of floats in, k columns of its type out."""
        t, factors = self.x.type, self.factors
        if not t.is_float or t.layout != "dense":
            raise self.fail(f"x: expected dense floats, got {t}")
        if factors.dtype != "i64" or len(factors.shape) != 2:
            raise self.fail(f"factors: expected i64[k, degree], got {factors}")
        if factors.array.size and not (-1 <= factors.array.min() and factors.array.max() < t.columns):
            raise self.fail(f"factors: expected -1..{t.columns - 1}, got up to {factors.array.max()}")
        return dense(t.dtype, factors.shape[0])


class Power(Node):
    """A power of each column, or its Box-Cox or Yeo-Johnson transform, with an exponent of its own.

    ``power`` is ``x**p`` (``numpy.power``; polynomial kernels).  The others are those of ``PowerTransformer``:
    ``box_cox`` is ``(x**p - 1) / p``, or ``log(x)`` where p is 0; ``yeo_johnson`` is that of ``x + 1`` for x >= 0, and
    minus that of ``1 - x`` with exponent ``2 - p`` below.  Both go through ``expm1(p * log(x))``, as SciPy does.
    """

    x: Node
    exponents: Parameter
    """``f64[width]``."""
    form: str

    def infer(self) -> ValueType:
        """Dense float64 in, the same type out."""
        t = self.x.type
        if self.form not in POWERS:
            raise self.fail(f"form: expected one of {', '.join(POWERS)}, got {self.form!r}")
        if t.dtype != "f64" or t.layout != "dense":
            raise self.fail(f"x: expected dense f64, got {t}")
        if self.exponents.dtype != "f64" or self.exponents.shape != (t.columns,):
            raise self.fail(f"exponents: expected f64[{t.columns}], got {self.exponents}")
        return t
