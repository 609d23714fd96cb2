"""Operators on categories: values to codes, codes to columns or numbers."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense, sparse

__all__ = ["Lookup", "OneHot", "Take"]

UNKNOWN = -1


class Lookup(Node):
    """The code (position) of each value among ``keys``; unknown values give -1, or an error where they are refused.

    Missing values (NaN, None) are unknown unless ``nan_code`` or ``none_code`` gives them a code of their own.  Among
    floats None is the NaN whose bits are ``pretzel.plan.values.NONE_BITS``.
    Source: ``sklearn.preprocessing.OneHotEncoder``/``OrdinalEncoder`` (``_encode``).
    """

    x: Node
    keys: Parameter
    """``str[n]`` for texts, numbers of the type of x otherwise; distinct."""
    nan_code: int = UNKNOWN
    """The code of NaN; -1: it is unknown."""
    none_code: int = UNKNOWN
    """The code of None; -1: it is unknown."""
    refuse_unknown: bool = False
    """Whether a value whose code would be -1 is an error."""
    column: str = ""
    """Name of the column, for the message of a refusal."""
    exact = True

    @property
    def refuses(self) -> bool:
        """Where unknown values are refused."""
        return self.refuse_unknown

    def infer(self) -> ValueType:
        """One value a row in, one i64 code a row out."""
        t = self.x.type
        if t.width is not None or t.layout != "dense" or len(self.keys.shape) != 1:
            raise self.fail(f"x: expected one value a row and a list of keys, got {t}")
        if self.keys.dtype != t.dtype:
            raise self.fail(f"keys: {self.keys.dtype} keys do not fit x: {t}")
        return dense("i64")


class OneHot(Node):
    """A one in the column that each code names and zeros elsewhere; a code outside 0..width-1 gives a row of zeros."""

    codes: Node
    """One i64 a row."""
    width: int
    """Columns of the result."""
    dtype: str = "f64"
    """Of the ones: f32, f64 or i64."""

    def infer(self) -> ValueType:
        """One code a row in, a sparse row out."""
        if self.codes.type != dense("i64"):
            raise self.fail(f"codes: expected i64, got {self.codes.type}")
        return sparse(self.dtype, self.width)


class Take(Node):
    """The row of ``table`` that each code names; ``default`` outside it (``OrdinalEncoder``, ``TargetEncoder``)."""

    codes: Node
    """One i64 a row; known are those in 0..n-1."""
    table: Parameter
    """``[n]`` or ``[n, k]`` numbers."""
    default: float = float("nan")
    """What every column holds where the code is not known; in the 32 bits of a C int where ``table`` has no floats."""

    def infer(self) -> ValueType:
        """One code a row in, one value or k columns out."""
        if self.codes.type != dense("i64") or self.table.dtype == "str" or len(self.table.shape) not in (1, 2):
            raise self.fail(f"codes: expected i64 and a numeric table, got {self.codes.type}, {self.table.dtype}")
        if self.table.dtype not in ("f32", "f64") and not -(2**31) <= self.default < 2**31:
            raise self.fail(f"default: {self.default} is no {self.table.dtype}")
        return dense(self.table.dtype, self.table.shape[1] if len(self.table.shape) == 2 else None)
