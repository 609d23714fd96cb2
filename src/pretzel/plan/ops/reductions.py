"""Operator that reduces several columns to one number."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

__all__ = ["Reduce"]

REDUCTIONS = ("sum", "minimum", "maximum")


class Reduce(Node):
    """The sum, minimum or maximum of the columns of x listed in each row of ``columns``.

    Columns are taken from left to right; floats are added in float64, and integers wrap.  A NaN is both minimum and
    maximum; the last of equal values is returned.  Without columns the sum is 0, the minimum is the largest number of
    the type (infinity), and the maximum the smallest.
    """

    x: Node
    columns: Parameter
    """``i64[k, n]``: columns in 0..width-1."""
    function: str
    """One of sum, minimum, maximum."""
    breaker = True

    def infer(self) -> ValueType:
        """A dense matrix of numbers in, k columns of its type out."""
        t, columns = self.x.type, self.columns
        if self.function not in REDUCTIONS:
            raise self.fail(f"function: expected one of {', '.join(REDUCTIONS)}, got {self.function!r}")
        if t.dtype not in ("f32", "f64", "i64") or t.layout != "dense":
            raise self.fail(f"x: expected dense f32, f64 or i64, got {t}")
        if columns.dtype != "i64" or len(columns.shape) != 2:
            raise self.fail(f"columns: expected i64[k, n], got {columns}")
        if columns.array.size and not 0 <= columns.array.min() <= columns.array.max() < t.columns:
            raise self.fail(f"columns: expected 0..{t.columns - 1}")
        return dense(t.dtype, columns.shape[0])
