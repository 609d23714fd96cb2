"""Operators that map values to the quantiles of a distribution and back."""

from __future__ import annotations

import numpy as np

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType


class Interpolate(Node):
    """The straight line between the knots of its column that a value lies between (``numpy.interp``); NaN stays.

    Where knots repeat it is the mean of interpolating upwards and downwards, in float64, rounded to the type of x.
    What comes within ``margin`` of the first or the last knot, in the type of x, is as at that knot.
    Source: ``QuantileTransformer``.
    """

    x: Node
    knots: Parameter
    """``f64[width, n]``, ascending along each row, finite; n is 1 or more."""
    levels: Parameter
    """``f64[n]``: the result at each knot, ascending."""
    margin: float = 0.0
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


class NormalQuantile(Node):
    """The value that a standard normal variable stays below with probability x (``scipy.stats.norm.ppf``).

    Infinite at 0 and 1, NaN outside.
    """

    x: Node
    exact = True

    def infer(self) -> ValueType:
        """Dense float64 in, the same type out."""
        if self.x.type.dtype != "f64" or self.x.type.layout != "dense":
            raise self.fail(f"x: expected dense f64, got {self.x.type}")
        return self.x.type
