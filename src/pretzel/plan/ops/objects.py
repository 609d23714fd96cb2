"""Operators on columns of Python objects, sent as floats with a distinct NaN for None (``values.NONE_BITS``)."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType

__all__ = ["ImputeObjects"]


class ImputeObjects(Node):
    """Missing values replaced by ``fill``, column by column, with None and NaN as different values.

    Missing are the values equal to ``missing`` (NaN equals NaN, not None), or None with ``missing_none``.
    A NaN that is not missing is rejected.
    Source: ``sklearn.impute.SimpleImputer`` with ``most_frequent`` or ``constant``, which keeps objects.
    """

    x: Node
    """Dense floats, f32 or f64."""
    fill: Parameter
    """``[width]`` of the type of x."""
    missing: float = float("nan")
    """The number that marks missing values."""
    missing_none: bool = False
    """If true, None marks missing values, and ``missing`` is not used."""
    of_objects: bool = False
    """If true, the library always returns objects: such a column can be read, but not returned."""
    exact = True

    @property
    def refuses(self) -> bool:
        """True if NaN does not mark missing values."""
        return self.missing_none or self.missing == self.missing

    def infer(self) -> ValueType:
        """Dense floats in, the same type out."""
        t = self.x.type
        if t.layout != "dense" or not t.is_float:
            raise self.fail(f"x: expected dense floats, got {t}")
        if self.fill.dtype != t.dtype or self.fill.shape != (t.columns,):
            raise self.fail(f"fill: {self.fill.dtype}{list(self.fill.shape)} does not fit x: {t}")
        return t
