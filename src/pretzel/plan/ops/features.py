"""Operators that derive features from numbers: bins, products of columns, powers, splines."""

from __future__ import annotations

import numpy as np

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

__all__ = ["Bin", "Power", "Products", "Spline"]

POWERS = ("power", "box_cox", "yeo_johnson", "inverse_box_cox", "inverse_yeo_johnson")


class Bin(Node):
    """The number of edges of its column at or below each value (``numpy.searchsorted``, side right); all for NaN.

    Compared in float64 for any type of x.  Source: ``KBinsDiscretizer``.
    """

    x: Node
    edges: Parameter
    """``f64[n]``: the edges of all columns, ascending within each."""
    starts: Parameter
    """``i64[width + 1]``: the start of each column's edges."""
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
    """Products of columns: one result per row of ``factors``, multiplied from left to right.

    Source: ``PolynomialFeatures``.
    """

    x: Node
    factors: Parameter
    """``i64[k, degree]``: columns in 0..width-1; -1 means no factor, and an empty product is 1."""

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
    """A power of each column, or its Box-Cox or Yeo-Johnson transform, with an exponent per column.

    ``power`` is ``x**p`` (``numpy.power``; polynomial kernels).  The others are those of ``PowerTransformer``:
    ``box_cox`` is ``(x**p - 1) / p``, or ``log(x)`` if p is 0; ``yeo_johnson`` is that of ``x + 1`` for x >= 0, else
    minus that of ``1 - x`` with exponent ``2 - p``.  Both use ``expm1(p * log(x))``, as SciPy does.  The inverses
    return the x with this transform, and NaN if none exists.
    """

    x: Node
    exponents: Parameter
    """``f64[width]``."""
    form: str
    """One of power, box_cox, yeo_johnson, inverse_box_cox, inverse_yeo_johnson."""

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


class Spline(Node):
    """The ``m - d - 1`` basis splines of degree d over the m knots of each column, concatenated.

    The range extends from the knot at position d to the knot d from the end.  Outside it the outermost polynomials are
    extended; with ``values`` and ``slopes``, the result is ``values`` plus ``slopes`` times the distance to the range;
    with ``periodic``, x is moved into the range by whole periods, and the last d splines are added to the first.
    NaN returns zeros.  Computed in float64 and rounded to the type of x.  Source: ``SplineTransformer``.
    """

    x: Node
    knots: Parameter
    """``f64[width, m]``, ascending along each row, finite; m is ``2 d + 2`` or more."""
    degree: int
    """d, in 0..65535."""
    values: Parameter | None = None
    """``f64[width, 2 (m - d - 1)]``: per column the splines at the low end, then those at the high end."""
    slopes: Parameter | None = None
    """Slopes, in the same layout."""
    periodic: bool = False
    """If true, x is moved into the range; excludes ``values`` and ``slopes``."""
    exact = True

    def infer(self) -> ValueType:
        """Dense floats in, the splines of all columns out."""
        t, shape = self.x.type, self.knots.shape
        if not t.is_float or t.layout != "dense":
            raise self.fail(f"x: expected dense floats, got {t}")
        if not 0 <= self.degree < 2**16:
            raise self.fail(f"degree: expected 0 or more, got {self.degree}")
        if self.knots.dtype != "f64" or len(shape) != 2 or shape[0] != t.columns or shape[1] < 2 * self.degree + 2:
            raise self.fail(
                f"knots: expected f64[{t.columns}, m] with m from {2 * self.degree + 2} on, got {self.knots}"
            )
        if not np.isfinite(self.knots.array).all() or (np.diff(self.knots.array, axis=1) < 0).any():
            raise self.fail("knots: expected finite numbers in ascending order")
        count = shape[1] - self.degree - 1
        self._check_ends((t.columns, 2 * count))
        return dense(t.dtype, t.columns * (count - self.degree if self.periodic else count))

    def _check_ends(self, shape: tuple[int, int]) -> None:
        ends = (self.values, self.slopes)
        if ends == (None, None):
            return
        if self.periodic or any(end is None or end.dtype != "f64" or end.shape != shape for end in ends):
            raise self.fail(f"values, slopes: expected both as f64{list(shape)}, and not periodic, got {ends}")
