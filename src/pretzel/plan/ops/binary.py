"""Operators on two values of a row: arithmetic, comparison, choice; one column goes with every column of the other."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.types import ValueType, dense

__all__ = ["Arithmetic", "Compare", "Where"]

ARITHMETIC = ("add", "subtract", "multiply", "divide", "power", "minimum", "maximum")
COMPARISONS = ("less", "less_equal", "equal")
NUMBERS = ("f32", "f64", "i64")


class Arithmetic(Node):
    """``function(a, b)``, value by value, in the type of both (NumPy's of that name).

    ``minimum`` and ``maximum`` keep a NaN, and of equals the second.  Whole numbers wrap; their quotient is cut towards
    zero and is 0 where b is; a negative power of one is cut to a whole number.
    """

    a: Node
    """Dense f32, f64 or i64, of as many columns as ``b`` or of one."""
    b: Node
    """Of the type of ``a``."""
    function: str
    """One of add, subtract, multiply, divide, power, minimum, maximum."""
    exact = True

    def infer(self) -> ValueType:
        """Two dense values of one type in, as wide as each other or one of a single column; the wider out."""
        if self.function not in ARITHMETIC:
            raise self.fail(f"function: expected one of {', '.join(ARITHMETIC)}, got {self.function!r}")
        return dense(self.a.type.dtype, paired(self, NUMBERS, self.a, self.b))


class Compare(Node):
    """Whether ``function(a, b)`` holds, value by value (NumPy's of that name); nothing holds for a NaN."""

    a: Node
    """Dense f32, f64, i64 or bool, of as many columns as ``b`` or of one."""
    b: Node
    """Of the type of ``a``."""
    function: str
    """One of less, less_equal, equal."""
    exact = True

    def infer(self) -> ValueType:
        """Two dense values of one type in, bool out."""
        if self.function not in COMPARISONS:
            raise self.fail(f"function: expected one of {', '.join(COMPARISONS)}, got {self.function!r}")
        return dense("bool", paired(self, (*NUMBERS, "bool"), self.a, self.b))


class Where(Node):
    """a where the condition holds, else b (``numpy.where``)."""

    condition: Node
    """Dense bool, of as many columns as the widest of the three or of one; so are ``a`` and ``b``."""
    a: Node
    """Dense f32, f64, i64 or bool: where the condition holds."""
    b: Node
    """Of the type of ``a``: where it does not."""

    def infer(self) -> ValueType:
        """A dense bool and two dense values of one type in, that type out."""
        if self.condition.type.dtype != "bool":
            raise self.fail(f"condition: expected bool, got {self.condition.type}")
        paired(self, (*NUMBERS, "bool"), self.a, self.b)
        return dense(self.a.type.dtype, common_width(self, (self.condition, self.a, self.b)))


def paired(node: Node, dtypes: tuple[str, ...], a: Node, b: Node) -> int | None:
    """Return how wide two values of one type are together.

    Raises:
        DefinitionError: they are not dense, of one of these types, and of widths that go together.
    """
    if a.type.dtype != b.type.dtype or a.type.dtype not in dtypes:
        raise node.fail(f"a, b: expected two of one type among {', '.join(dtypes)}, got {a.type}, {b.type}")
    return common_width(node, (a, b))


def common_width(node: Node, parts: tuple[Node, ...]) -> int | None:
    """Return how wide values are together, each as wide as the widest or of one column; None for one value a row."""
    types = [part.type for part in parts]
    widths = {kind.columns for kind in types} - {1}
    if len(widths) > 1 or any(kind.layout != "dense" for kind in types):
        raise node.fail(f"expected dense values of one width or one column, got {', '.join(map(str, types))}")
    if all(kind.width is None for kind in types):
        return None
    return widths.pop() if widths else 1
