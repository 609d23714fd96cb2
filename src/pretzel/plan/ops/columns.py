"""Operators that select, concatenate and convert columns."""

from __future__ import annotations

import numpy as np

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import DTYPE_NAMES, NUMPY_DTYPES, ValueType

__all__ = ["Cast", "Column", "Concat", "Densify", "Select", "Sparsify"]


class Concat(Node):
    """The columns of all parts, concatenated in order; sparse if any part is sparse (``hstack``).

    The element type follows NumPy's promotion: i64 with f32 becomes f64.
    """

    parts: tuple[Node, ...]
    """At least one: all numbers, dense or sparse, or all texts, each of any width."""
    breaker = True
    linear = True
    associative = True

    def infer(self) -> ValueType:
        """Parts in, one matrix out."""
        if not self.parts:
            raise self.fail("parts: expected at least one")
        types = [part.type for part in self.parts]
        texts = {t.is_text for t in types}
        if len(texts) > 1 or any(t.layout == "ragged" for t in types):
            raise self.fail(f"parts: texts and numbers do not concatenate: {', '.join(map(str, types))}")
        width = sum(t.columns for t in types)
        layout = "sparse" if any(t.layout == "sparse" for t in types) else "dense"
        return ValueType("str" if texts == {True} else promote([t.dtype for t in types]), width, layout)  # type: ignore[arg-type]


class Select(Node):
    """The columns at the positions ``columns``, in that order; repeats are allowed for dense values only."""

    x: Node
    columns: Parameter
    """``i64[k]``, each in 0..width-1."""
    linear = True

    def infer(self) -> ValueType:
        """A matrix in, a matrix of k columns of the same layout out."""
        t, columns = self.x.type, self.columns
        if t.width is None or t.layout == "ragged":
            raise self.fail(f"x: expected a matrix, got {t}")
        if columns.dtype != "i64" or len(columns.shape) != 1:
            raise self.fail(f"columns: expected i64[k], got {columns.dtype}{list(columns.shape)}")
        if len(columns) and not (0 <= columns.array.min() and columns.array.max() < t.width):
            raise self.fail(f"columns: expected 0..{t.width - 1}, got up to {columns.array.max()}")
        if t.layout == "sparse" and len(np.unique(columns.array)) < len(columns):
            raise self.fail("columns: a sparse column is selected once")
        return ValueType(t.dtype, len(columns), t.layout)


class Column(Node):
    """One column of a dense matrix as one value per row."""

    x: Node
    index: int
    """In 0..width-1."""
    linear = True

    def infer(self) -> ValueType:
        """A matrix in, one value per row out."""
        t = self.x.type
        if t.width is None or t.layout != "dense" or not 0 <= self.index < t.width:
            raise self.fail(f"index: {self.index} is not a column of {t}")
        return ValueType(t.dtype)


class Cast(Node):
    """The numbers converted to another type, rounded like NumPy's ``astype``; float to integer truncates."""

    x: Node
    dtype: str
    """Any number type; f32, f64 or i64 for sparse rows."""
    exact = True

    def infer(self) -> ValueType:
        """Numbers in, numbers of ``dtype`` out."""
        if self.x.type.is_text or self.dtype == "str" or self.x.type.layout == "ragged":
            raise self.fail(f"x: only numbers are cast, got {self.x.type} to {self.dtype}")
        return ValueType(self.dtype, self.x.type.width, self.x.type.layout)


class Densify(Node):
    """A sparse matrix as a dense one: SciPy's ``toarray``, or the convention of a library that reads single entries.

    XGBoost takes what is not stored as missing and a stored zero as zero: ``absent=nan``, ``repeats="last"``.
    LightGBM takes both as zero, and of several values stored in one place the last: ``repeats="last stored"``.
    """

    x: Node
    absent: float = 0.0
    """The value of entries that are not stored; 0 for integers."""
    repeats: str = "sum"
    """The value of duplicate entries.

    Their ``sum``, the ``last`` that differs from ``absent``, or the ``last stored``, whatever it is.
    """
    later = ("absent", "repeats")

    @property
    def is_toarray(self) -> bool:
        """True if this is ``toarray``: zeros for absent entries, and sums of duplicates."""
        return self.absent == 0 and self.repeats == "sum"

    def infer(self) -> ValueType:
        """Sparse in, dense out."""
        if self.x.type.layout != "sparse":
            raise self.fail(f"x: expected a sparse matrix, got {self.x.type}")
        if self.absent != 0 and not self.x.type.is_float:
            raise self.fail(f"absent: expected 0 among {self.x.type.dtype}, got {self.absent}")
        if self.repeats not in ("sum", "last", "last stored"):
            raise self.fail(f"repeats: expected 'sum', 'last' or 'last stored', got {self.repeats!r}")
        return ValueType(self.x.type.dtype, self.x.type.width)


class Sparsify(Node):
    """A dense matrix as sparse rows that store the nonzero values (``scipy.sparse.csr_matrix``)."""

    x: Node
    linear = True

    def infer(self) -> ValueType:
        """A dense matrix in, sparse out."""
        t = self.x.type
        if t.layout != "dense" or t.width is None:
            raise self.fail(f"x: expected a dense matrix, got {t}")
        return ValueType(t.dtype, t.width, "sparse")


def promote(dtypes: list[str]) -> str:
    """Return the element type that NumPy promotes ``dtypes`` to."""
    return DTYPE_NAMES[np.result_type(*(NUMPY_DTYPES[dtype] for dtype in dtypes)).newbyteorder("<")]
