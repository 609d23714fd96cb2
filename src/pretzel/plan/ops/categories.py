"""Operators on categories: map values to codes, and codes to columns or numbers."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense, sparse

__all__ = ["Lookup", "OneHot", "Take"]

UNKNOWN = -1


class Lookup(Node):
    """The code (position) of each value among ``keys``; -1, or an error with ``refuse_unknown``, for unknown values.

    Missing values (NaN, None) are unknown unless ``nan_code`` or ``none_code`` sets a code for them.  Among floats,
    None is the NaN whose bits are ``pretzel.plan.values.NONE_BITS``.
    Source: ``sklearn.preprocessing.OneHotEncoder``/``OrdinalEncoder`` (``_encode``).
    """

    x: Node
    keys: Parameter
    """``str[n]`` for texts, else numbers of the type of x; distinct."""
    nan_code: int = UNKNOWN
    """The code of NaN; -1 if NaN is unknown."""
    none_code: int = UNKNOWN
    """The code of None; -1 if None is unknown."""
    refuse_unknown: bool = False
    """If true, a value whose code would be -1 is an error."""
    column: str = ""
    """Name of the column, for error messages."""
    exact = True

    @property
    def refuses(self) -> bool:
        """True if unknown values are rejected."""
        return self.refuse_unknown

    def infer(self) -> ValueType:
        """One value per row in, one i64 code per row out."""
        t = self.x.type
        if t.width is not None or t.layout != "dense" or len(self.keys.shape) != 1:
            raise self.fail(f"x: expected one value per row and a list of keys, got {t}")
        if self.keys.dtype != t.dtype:
            raise self.fail(f"keys: {self.keys.dtype} keys do not fit x: {t}")
        return dense("i64")


class OneHot(Node):
    """A one in the column of each code, zeros elsewhere; only zeros for a code outside 0..width-1."""

    codes: Node
    """One i64 per row."""
    width: int
    """Columns of the result."""
    dtype: str = "f64"
    """Type of the result: f32, f64 or i64."""

    def infer(self) -> ValueType:
        """One code per row in, a sparse row out."""
        if self.codes.type != dense("i64"):
            raise self.fail(f"codes: expected i64, got {self.codes.type}")
        return sparse(self.dtype, self.width)


class Take(Node):
    """The row of ``table`` at each code; ``default`` outside it (``OrdinalEncoder``, ``TargetEncoder``)."""

    codes: Node
    """One i64 per row; codes outside 0..n-1 are unknown."""
    table: Parameter
    """``[n]`` or ``[n, k]`` numbers."""
    default: float = float("nan")
    """The value of every column for an unknown code; within the range of int32 unless ``table`` holds floats."""

    def infer(self) -> ValueType:
        """One code per row in, one value or k columns out."""
        if self.codes.type != dense("i64") or self.table.dtype == "str" or len(self.table.shape) not in (1, 2):
            raise self.fail(f"codes: expected i64 and a numeric table, got {self.codes.type}, {self.table.dtype}")
        if self.table.dtype not in ("f32", "f64") and not -(2**31) <= self.default < 2**31:
            raise self.fail(f"default: {self.default} is not an {self.table.dtype}")
        return dense(self.table.dtype, self.table.shape[1] if len(self.table.shape) == 2 else None)
