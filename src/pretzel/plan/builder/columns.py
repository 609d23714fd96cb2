"""Steps that select, join and convert columns."""

from __future__ import annotations

from typing import Any, Self

from pretzel.plan.builder.arrays import positions
from pretzel.plan.builder.steps import Steps


class ColumnSteps(Steps):
    """Methods of a value of any type that select, join and convert its columns."""

    __slots__ = ()

    def select(self, columns: Any) -> Self:
        """Return the columns at these positions, or where a mask is true: k columns of the same layout.

        Positions below zero count from the end.  Dense columns may repeat.
        """
        return self.step("select", columns=self.argument("select", "columns", positions, columns, self.type.columns))

    def column(self, index: int) -> Self:
        """Return one column of a dense matrix as one value per row: f64[3] to f64."""
        width = self.type.columns
        return self.step("column", index=index + width if isinstance(index, int) and index < 0 else index)

    def matrix(self) -> Self:
        """Return one value per row as a matrix of one column: f64 to f64[1]."""
        return self.step("concat", called="matrix")

    def cast(self, dtype: str) -> Self:
        """Return the numbers in another type, as NumPy's ``astype``: bool, i8 .. u64, f32, f64."""
        return self.step("cast", dtype=dtype)

    def densify(self, absent: float = 0.0, repeats: str = "sum") -> Self:
        """Return sparse rows as dense ones: f64{9} to f64[9].

        ``absent`` is the value of entries that are not stored, ``repeats`` that of entries stored twice: their ``sum``,
        or the ``last``.
        """
        return self.step("densify", absent=absent, repeats=repeats)

    def sparsify(self) -> Self:
        """Return dense rows as sparse ones that store the nonzero values: f64[9] to f64{9}."""
        return self.step("sparsify")
