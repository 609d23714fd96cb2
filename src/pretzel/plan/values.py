"""Containers for values outside the kernels: columns of texts, sparse matrices, ragged rows and labels.

Dense numbers are NumPy arrays of the exact type, row-major: shape ``(rows,)`` or ``(rows, width)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np

from pretzel.errors import InputError

PRESENT, NAN, NONE = 0, 1, 2

NONE_BITS = 0x7FFC0DE000000000
"""Bits of the float64 NaN that represents Python's None (kernels/categories/none.h).

Encoders distinguish it from NaN; all other code treats it as NaN.  The payload is in the upper bits, so that a
conversion to float32 and back keeps it.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """A column (or, with ``width``, a row-major matrix) of texts: concatenated UTF-8, lengths and missing marks."""

    data: np.ndarray
    """uint8: all texts, concatenated."""
    lengths: np.ndarray
    """uint32: bytes of each text."""
    missing: np.ndarray | None = None
    """uint8 per text: PRESENT, NAN or NONE; None if no text is missing."""
    width: int | None = None
    is_checked: bool = False
    """True if the reader of messages has checked the parts against each other; they are not checked again."""

    @classmethod
    def of(cls, values: Iterable[object], width: int | None = None) -> Texts:
        """Pack Python strings; None and NaN mark missing values.

        Raises:
            InputError: a value has another type, or holds a lone surrogate; the message names its row.
        """
        values = values if isinstance(values, list) else list(values)
        if whole := _pack_present(values):
            return cls(*whole, None, width)
        pieces: list[bytes] = []
        missing = bytearray()
        for i, value in enumerate(values):
            pieces.append(_utf8(value, i // (width or 1)))
            missing.append(PRESENT if isinstance(value, str) else NONE if value is None else NAN)
        data = np.frombuffer(b"".join(pieces), np.uint8)
        lengths = np.fromiter(map(len, pieces), np.uint32, len(pieces))
        return cls(data, lengths, np.frombuffer(bytes(missing), np.uint8) if any(missing) else None, width)

    def tolist(self) -> list[str | float | None]:
        """Return the texts as Python strings, with NaN and None for missing ones."""
        ends = np.cumsum(self.lengths, dtype=np.int64).tolist()
        data = self.data.tobytes()
        texts: list[str | float | None] = [data[a:b].decode() for a, b in zip([0, *ends], ends, strict=False)]
        if self.missing is not None:
            for i in self.missing.nonzero()[0].tolist():
                texts[i] = None if self.missing[i] == NONE else float("nan")
        return texts

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lengths) if self.width is None else len(self.lengths) // max(self.width, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Csr:
    """A sparse matrix by rows, in the layout of ``scipy.sparse.csr_matrix``, without SciPy."""

    data: np.ndarray
    """The stored values."""
    indices: np.ndarray
    """int32: the column of each stored value."""
    starts: np.ndarray
    """int64, rows + 1: the start of each row (SciPy's ``indptr``)."""
    width: int
    is_checked: bool = False
    """True if the reader of messages has checked the parts against each other; they are not checked again."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.starts) - 1

    def dense(self) -> np.ndarray:
        """Return the dense matrix; duplicates are summed."""
        out = np.zeros((len(self), self.width), self.data.dtype)
        rows = np.repeat(np.arange(len(self)), np.diff(self.starts))
        np.add.at(out, (rows, self.indices), self.data)
        return out

    @classmethod
    def of(cls, matrix: np.ndarray) -> Csr:
        """Return the sparse form of a dense matrix."""
        rows, columns = matrix.nonzero()
        starts = np.zeros(len(matrix) + 1, np.int64)
        np.cumsum(np.bincount(rows, minlength=len(matrix)), out=starts[1:])
        return cls(matrix[rows, columns], columns.astype(np.int32), starts, matrix.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Rows of any number of texts or numbers, concatenated."""

    items: Texts | np.ndarray
    """Texts without missing values, or float64 numbers."""
    starts: np.ndarray
    """int64, rows + 1: the start of each row among the items, and their total number."""
    is_checked: bool = False
    """True if the reader of messages has checked the parts against each other; they are not checked again."""

    @classmethod
    def of(cls, rows: Sequence[Sequence[Any]], *, numbers: bool = False) -> Ragged:
        """Pack lists of Python strings, or of numbers."""
        items = list(chain.from_iterable(rows))
        starts = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        return cls(np.array(items, np.float64) if numbers else Texts.of(items), starts)

    def tolist(self) -> list[list[Any]]:
        """Return each row as a list."""
        items, bounds = self.items.tolist(), self.starts.tolist()
        return [items[a:b] for a, b in pairwise(bounds)]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """An output of labels, dictionary-encoded: row i is ``labels[codes[i]]``."""

    codes: np.ndarray
    """int64."""
    labels: np.ndarray | list[str]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes)


def none_number() -> np.float64:
    """Return the number that represents None."""
    return np.float64(np.array(NONE_BITS, np.uint64).view(np.float64))


def is_none(numbers: np.ndarray) -> np.ndarray:
    """Return a mask of the floats that represent None."""
    mask: np.ndarray = np.abs(numbers.astype(np.float64)).view(np.uint64) == NONE_BITS
    return mask


def _pack_present(values: list[Any]) -> tuple[np.ndarray, np.ndarray] | None:
    """Pack texts that are all present and valid Unicode, in one step if they are ASCII; None for others."""
    try:
        text = "".join(values)
        pieces = values if text.isascii() else list(map(str.encode, values))
    except (TypeError, UnicodeEncodeError):
        return None
    data = text.encode() if pieces is values else b"".join(pieces)
    return np.frombuffer(data, np.uint8), np.fromiter(map(len, pieces), np.uint32, len(pieces))


def _utf8(value: object, row: int) -> bytes:
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise InputError(f"row {row}: text {value[:40]!r} holds a lone surrogate, which is not Unicode") from None
    if value is None or (isinstance(value, float) and value != value):
        return b""
    raise InputError(f"row {row}: expected text, got {type(value).__name__} {str(value)[:40]!r}")
