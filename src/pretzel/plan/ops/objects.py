"""Operators on columns of Python objects, which travel as floats: None is a NaN of its own (``values.NONE_BITS``)."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType

__all__ = ["ImputeObjects"]


class ImputeObjects(Node):
    """Replace missing values, column by column, where None and NaN are different values.

    What equals ``missing`` becomes ``fill``; a NaN finds NaN, and not None.  Where ``missing_none``, None does instead.
    A NaN that is not missing is refused.
    Source: ``sklearn.impute.SimpleImputer`` with ``most_frequent`` or ``constant``, which leaves objects as they are.
    """

    x: Node
    """Dense floats, f32 or f64."""
    fill: Parameter
    """``[width]`` of the type of x."""
    missing: float = float("nan")
    """The number that means missing."""
    missing_none: bool = False
    """Whether None means missing, and ``missing`` has no use."""
    of_objects: bool = False
    """Whether the library answers with objects whatever it is given: such a column can be read, but not answered."""
    exact = True

    @property
    def refuses(self) -> bool:
        """Where a NaN is not what is missing."""
        return self.missing_none or self.missing == self.missing

    def infer(self) -> ValueType:
        """Dense floats in, the same type out."""
        t = self.x.type
        if t.layout != "dense" or not t.is_float:
            raise self.fail(f"x: expected dense floats, got {t}")
        if self.fill.dtype != t.dtype or self.fill.shape != (t.columns,):
            raise self.fail(f"fill: {self.fill.dtype}{list(self.fill.shape)} does not fit x: {t}")
        return t
