"""Operators on quantiles: interpolation, the normal distribution and its inverse, and weighted medians."""

from __future__ import annotations

import numpy as np

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

__all__ = ["Interpolate", "NormalProbability", "NormalQuantile", "WeightedMedian"]


class Interpolate(Node):
    """Linear interpolation between the knots of each column (``numpy.interp``); NaN stays NaN.

    The result is the mean of upward and downward interpolation, which differ at repeated knots, in float64, rounded to
    the type of x; with ``upwards`` it is the first of the two, bit-identical to ``numpy.interp``.
    Values within ``margin`` of the first or last knot, in the type of x, are mapped to that knot.
    Source: ``QuantileTransformer``, ``IsotonicRegression``.
    """

    x: Node
    knots: Parameter
    """``f64[width, n]``, ascending along each row, finite; n is 1 or more."""
    levels: Parameter
    """``f64[n]``: the result at each knot."""
    margin: float = 0.0
    """Distance from the outermost knots below which they apply (``BOUNDS_THRESHOLD``); 0: only outside."""
    upwards: bool = False
    """If true, only interpolate upwards."""
    exact = True

    def infer(self) -> ValueType:
        """Dense floats in, the same type out."""
        t, shape = self.x.type, self.knots.shape
        if not t.is_float or t.layout != "dense":
            raise self.fail(f"x: expected dense floats, got {t}")
        if self.knots.dtype != "f64" or len(shape) != 2 or shape[0] != t.columns or not shape[1]:
            raise self.fail(f"knots: expected f64[{t.columns}, n], got {self.knots}")
        if self.levels.dtype != "f64" or self.levels.shape != shape[1:]:
            raise self.fail(f"levels: expected f64[{shape[1]}], got {self.levels}")
        if not np.isfinite(self.knots.array).all():
            raise self.fail("knots: expected finite numbers")
        return t


class WeightedMedian(Node):
    """The weighted median of each row: the first value at which the weights reach half their sum; NaN sorts last.

    Equal values are ordered by column.  Source: ``AdaBoostRegressor``.
    """

    x: Node
    weights: Parameter
    """``f64[width]``, finite and not negative."""
    breaker = True
    compute_bound = True

    def infer(self) -> ValueType:
        """A dense matrix of floats in, one value per row of its type out."""
        t = self.x.type
        if not t.is_float or t.layout != "dense" or not t.width:
            raise self.fail(f"x: expected a dense matrix of floats, got {t}")
        if self.weights.dtype != "f64" or self.weights.shape != (t.width,):
            raise self.fail(f"weights: expected f64[{t.width}], got {self.weights}")
        if not (np.isfinite(self.weights.array) & (self.weights.array >= 0)).all():
            raise self.fail("weights: expected finite numbers from 0 on")
        return dense(t.dtype)


class NormalQuantile(Node):
    """The quantile of the standard normal distribution at probability x (``scipy.stats.norm.ppf``).

    Infinite at 0 and 1, NaN outside.
    """

    x: Node
    exact = True

    def infer(self) -> ValueType:
        """Dense float64 in, the same type out."""
        if self.x.type.dtype != "f64" or self.x.type.layout != "dense":
            raise self.fail(f"x: expected dense f64, got {self.x.type}")
        return self.x.type


class NormalProbability(Node):
    """The probability that a standard normal variable is below x (``scipy.stats.norm.cdf``)."""

    x: Node

    def infer(self) -> ValueType:
        """Dense float64 in, the same type out."""
        if self.x.type.dtype != "f64" or self.x.type.layout != "dense":
            raise self.fail(f"x: expected dense f64, got {self.x.type}")
        return self.x.type
