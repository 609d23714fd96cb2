"""Operators on hashes: from values to hashes, and from several of them to one key that stands for their combination."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.types import ValueType, dense

__all__ = ["CategoryHash", "CombineHashes"]


class CategoryHash(Node):
    """The lower half of CityHash64 (version 1) of each value's text, as a signed number of 32 bits.

    The text of a number is that of its decimal digits.  A missing value, and a number that is not whole, is refused.
    Source: ``CalcCatFeatureHash`` of CatBoost.
    """

    x: Node
    column: str = ""
    """Name of the column, for the message of a refusal."""
    exact = True
    refuses = True

    def infer(self) -> ValueType:
        """One value a row in, one i64 hash a row out."""
        t = self.x.type
        if t.width is not None or t.layout != "dense" or t.dtype in ("bool", "u64"):
            raise self.fail(f"x: expected one text or one number a row, got {t}")
        return dense("i64")


class CombineHashes(Node):
    """One key for the values of all parts: ``key = m * (key + m * part)`` modulo 2**64, part after part, from zero.

    Keys are spread over all 64 bits, and read as signed.  Source: ``CalcHash`` of CatBoost, whose ``m`` this is:
    ``0x4906ba494954cb65``.
    """

    parts: tuple[Node, ...]
    """One at least, one i64 a row each."""
    exact = True

    def infer(self) -> ValueType:
        """Parts of one i64 a row in, one i64 key a row out."""
        if not self.parts or any(part.type != dense("i64") for part in self.parts):
            raise self.fail(f"parts: expected one i64 a row each, got {', '.join(str(p.type) for p in self.parts)}")
        return dense("i64")
