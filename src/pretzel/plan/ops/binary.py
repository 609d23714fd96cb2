"""Binary operators: arithmetic, comparison and selection, with a single column broadcast over the other's columns."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.types import ValueType, dense

__all__ = ["Arithmetic", "Compare", "Where"]

OF_FLOATS = ("arctan2", "hypot")
ARITHMETIC = (
    *("add", "subtract", "multiply", "divide", "power", "minimum", "maximum", "floor_divide", "remainder"),
    *OF_FLOATS,
)
COMPARISONS = ("less", "less_equal", "equal")
NUMBERS = ("f32", "f64", "i64")


class Arithmetic(Node):
    """``function(a, b)``, value by value, in the type of both (NumPy's of that name).

    ``minimum`` and ``maximum`` return NaN if either is NaN, and the second of equal values.  Integers wrap; their
    quotient is truncated towards zero, and 0 if b is 0, as their floor_divide and remainder are; a negative power is
    truncated to an integer.
    """

    a: Node
    """Dense f32, f64 or i64, with one column or as many as ``b``."""
    b: Node
    """Same element type as ``a``."""
    function: str
    """One of add, subtract, multiply, divide, power, minimum, maximum, floor_divide, remainder; of floats also
    arctan2 and hypot."""
    exact = True

    def infer(self) -> ValueType:
        """Two dense values of one type and width in, or one with a single column; the wider out."""
        if self.function not in ARITHMETIC:
            raise self.fail(f"function: expected one of {', '.join(ARITHMETIC)}, got {self.function!r}")
        dtypes = NUMBERS[:2] if self.function in OF_FLOATS else NUMBERS
        return dense(self.a.type.dtype, paired(self, dtypes, self.a, self.b))


class Compare(Node):
    """``function(a, b)``, value by value (the NumPy function of that name); false if either is NaN."""

    a: Node
    """Dense f32, f64, i64 or bool, with one column or as many as ``b``."""
    b: Node
    """Same element type as ``a``."""
    function: str
    """One of less, less_equal, equal."""
    exact = True

    def infer(self) -> ValueType:
        """Two dense values of one type in, bool out."""
        if self.function not in COMPARISONS:
            raise self.fail(f"function: expected one of {', '.join(COMPARISONS)}, got {self.function!r}")
        return dense("bool", paired(self, (*NUMBERS, "bool"), self.a, self.b))


class Where(Node):
    """``a`` if the condition is true, else ``b``, value by value (``numpy.where``)."""

    condition: Node
    """Dense bool; each of the three has one column or as many as the widest."""
    a: Node
    """Dense f32, f64, i64 or bool: the result if the condition is true."""
    b: Node
    """Same element type as ``a``: the result if it is false."""

    def infer(self) -> ValueType:
        """A dense bool and two dense values of one type in, that type out."""
        if self.condition.type.dtype != "bool":
            raise self.fail(f"condition: expected bool, got {self.condition.type}")
        paired(self, (*NUMBERS, "bool"), self.a, self.b)
        return dense(self.a.type.dtype, common_width(self, (self.condition, self.a, self.b)))


def paired(node: Node, dtypes: tuple[str, ...], a: Node, b: Node) -> int | None:
    """Return the broadcast width of two values of one type.

    Raises:
        DefinitionError: they are not dense, not of one of these types, or their widths do not broadcast.
    """
    if a.type.dtype != b.type.dtype or a.type.dtype not in dtypes:
        raise node.fail(f"a, b: expected two of one type among {', '.join(dtypes)}, got {a.type}, {b.type}")
    return common_width(node, (a, b))


def common_width(node: Node, parts: tuple[Node, ...]) -> int | None:
    """Return the broadcast width: each part has one column or as many as the widest; None for one value per row."""
    types = [part.type for part in parts]
    widths = {kind.columns for kind in types} - {1}
    if len(widths) > 1 or any(kind.layout != "dense" for kind in types):
        raise node.fail(f"expected dense values of one width or one column, got {', '.join(map(str, types))}")
    if all(kind.width is None for kind in types):
        return None
    return widths.pop() if widths else 1
