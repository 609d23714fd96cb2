"""Operator that combines several values element by element."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.types import ValueType

__all__ = ["Combine"]

COMBINATIONS = ("product", "quotient", "maximum", "minimum", "coalesce")


class Combine(Node):
    """The parts folded from left to right, element by element; for sums see :class:`Sum`.

    ``product``, ``quotient``, ``maximum`` and ``minimum`` (NaN if any is NaN) are NumPy's; ``coalesce`` is the first
    value that is not NaN.  Source: products of kernels (``sklearn.gaussian_process.kernels``), ``LocalOutlierFactor``,
    ``KNNImputer``.
    """

    parts: tuple[Node, ...]
    """At least one, dense f32 or f64, all of one type and width."""
    function: str
    """One of product, quotient, maximum, minimum, coalesce."""

    @property
    def exact(self) -> bool:
        """True for ``quotient``, whose divisor may have cancelled, and for ``coalesce``, which branches on NaN."""
        return self.function in ("quotient", "coalesce")

    def infer(self) -> ValueType:
        """Dense floats of one type in, the same type out."""
        if self.function not in COMBINATIONS:
            raise self.fail(f"function: expected one of {', '.join(COMBINATIONS)}, got {self.function!r}")
        types = {part.type for part in self.parts}
        t = next(iter(types), None)
        if t is None or len(types) > 1 or t.layout != "dense" or not t.is_float:
            raise self.fail(f"parts: expected dense floats of one type, got {', '.join(map(str, types)) or 'none'}")
        return t
