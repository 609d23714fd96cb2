"""Several values made into one, element by element."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.types import ValueType

__all__ = ["Combine"]

COMBINATIONS = ("product", "quotient", "maximum", "minimum", "coalesce")


class Combine(Node):
    """The first part with each of the others in turn, element by element; sums are :class:`Sum`.

    ``product``, ``quotient``, ``maximum`` and ``minimum`` (where a NaN wins) are NumPy's; ``coalesce`` takes the next
    part's value where the one so far is NaN.  Source: products of kernels (``sklearn.gaussian_process.kernels``),
    ``LocalOutlierFactor``, ``KNNImputer``.
    """

    parts: tuple[Node, ...]
    """One at least, dense f32 or f64, all of one type and width."""
    function: str
    """One of product, quotient, maximum, minimum, coalesce."""

    @property
    def exact(self) -> bool:
        """What cancelled may divide, and whether a value is NaN decides."""
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
