"""Operators on hashes: hash values, and combine several hashes into one key."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.types import ValueType, dense

__all__ = ["CategoryHash", "CombineHashes"]


class CategoryHash(Node):
    """The lower half of CityHash64 (version 1) of each value's text, as a signed 32-bit integer.

    The text of a number is its decimal digits.  Missing values and fractional numbers are rejected.
    Source: ``CalcCatFeatureHash`` of CatBoost.
    """

    x: Node
    column: str = ""
    """Name of the column, for error messages."""
    exact = True
    refuses = True

    def infer(self) -> ValueType:
        """One value per row in, one i64 hash per row out."""
        t = self.x.type
        if t.width is not None or t.layout != "dense" or t.dtype in ("bool", "u64"):
            raise self.fail(f"x: expected one text or one number per row, got {t}")
        return dense("i64")


class CombineHashes(Node):
    """One key for the values of all parts: ``key = m * (key + m * part)`` modulo 2**64, for each part, from zero.

    Keys use all 64 bits, and are read as signed.  ``m`` is ``0x4906ba494954cb65``.  Source: ``CalcHash`` of CatBoost.
    """

    parts: tuple[Node, ...]
    """At least one, each one i64 per row."""
    exact = True

    def infer(self) -> ValueType:
        """Parts of one i64 per row in, one i64 key per row out."""
        if not self.parts or any(part.type != dense("i64") for part in self.parts):
            raise self.fail(f"parts: expected one i64 per row each, got {', '.join(str(p.type) for p in self.parts)}")
        return dense("i64")
