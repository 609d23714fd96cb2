"""Operators that choose texts, and that reject the rows of a condition."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import TEXT, TOKENS, ValueType, dense

__all__ = ["ChooseText", "Require", "TextOfCode"]


class ChooseText(Node):
    """The text, or the tokens, of ``a`` if the condition is true, else of ``b`` (``numpy.where``)."""

    condition: Node
    """One bool per row."""
    a: Node
    """One text per row, or tokens."""
    b: Node
    """One text per row, or tokens, as ``a``."""

    def infer(self) -> ValueType:
        """A condition and two of texts or tokens in, one of these out."""
        if self.condition.type != dense("bool") or self.a.type not in (TEXT, TOKENS) or self.b.type != self.a.type:
            raise self.fail(f"expected bool, str, str, got {self.condition.type}, {self.a.type}, {self.b.type}")
        return self.a.type


class TextOfCode(Node):
    """The text of ``table`` at each code; missing (NaN) for a code outside it."""

    codes: Node
    """One i64 per row."""
    table: Parameter
    """``str[n]``."""

    def infer(self) -> ValueType:
        """One code per row in, text out."""
        if self.codes.type != dense("i64") or self.table.dtype != "str":
            raise self.fail(f"codes, table: expected i64 and strings, got {self.codes.type}, {self.table.dtype}")
        return TEXT


class Require(Node):
    """X as it is; a row whose condition is false is rejected, as a function that raises an error for it."""

    x: Node
    condition: Node
    """One bool per row."""
    reason: str
    """The reason that the error message gives for a rejected row."""
    refuses = True

    def infer(self) -> ValueType:
        """One or more dense values per row and a condition in, the values out."""
        if self.condition.type != dense("bool") or self.x.type.layout != "dense":
            raise self.fail(f"x, condition: expected dense values and bool, got {self.x.type}, {self.condition.type}")
        return self.x.type
