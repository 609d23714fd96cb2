"""Bind request columns to a program: check them against the input's type, without copies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.kernels.marshal import first_unreadable
from pretzel.plan.types import TEXT, ValueType, dense
from pretzel.plan.values import Csr, Ragged, Texts

SHOWN = 20
"""Names listed in a message."""


def column_rows(column: Any) -> int:
    """Return the number of rows of a column."""
    return len(column)


def bind_column(name: str, kind: ValueType, column: Any) -> Any:
    """Return ``column`` in a form that a program reads in place.

    Raises:
        InputError: its type or width differs from ``kind``; the message names the column, the expected type and the
            actual one.
    """
    if kind.layout == "ragged":
        return _bind_ragged(name, kind, column)
    if kind.is_text:
        return _bind_text(name, kind, column)
    if kind.layout == "sparse":
        return _bind_sparse(name, kind, column)
    return _bind_dense(name, kind, column)


def absent_column(name: str, kind: ValueType, rows: int) -> Any:
    """Return a placeholder for a column that no requested output reads: zeros, or empty texts or rows."""
    if kind.layout == "ragged":
        return bind_column(name, kind, Ragged.of([[]] * rows, numbers=not kind.is_text))
    if kind.layout == "sparse":
        empty = Csr(np.zeros(0, kind.numpy), np.zeros(0, np.int32), np.zeros(rows + 1, np.int64), kind.columns)
        return bind_column(name, kind, empty)
    if kind.is_text:
        return bind_column(name, kind, Texts.of([""] * (rows * kind.columns), kind.width))
    return np.zeros(rows if kind.width is None else (rows, kind.width), kind.numpy)


def _bind_dense(name: str, kind: ValueType, column: Any) -> np.ndarray:
    if not isinstance(column, np.ndarray) or column.dtype != kind.numpy:
        raise _wrong(name, kind, column)
    shape = column.shape[1:]
    if shape != (() if kind.width is None else (kind.width,)):
        raise _wrong(name, kind, column)
    # Kernels read aligned elements, but an array sliced from a buffer of bytes may start anywhere.
    return np.ascontiguousarray(column) if column.flags.aligned else column.copy()


def _bind_text(name: str, kind: ValueType, column: Any) -> Any:
    if isinstance(column, Texts):
        if column.width != kind.width:
            raise InputError(f"column {name!r}: expected {kind}, got {column.width or 1} texts per row")
        if not column.is_checked and (total := int(column.lengths.sum(dtype=np.int64))) != len(column.data):
            raise InputError(f"column {name!r}: lengths add up to {total} bytes, got {len(column.data)}")
        return [np.ascontiguousarray(column.data), column.lengths, column.missing]
    if isinstance(column, (list, tuple)) and kind.width is None:
        texts = tuple(column)
        row = first_unreadable(texts)
        if row >= 0:
            raise _unreadable(name, row, texts[row])
        return texts
    raise _wrong(name, kind, column)


def _unreadable(name: str, row: int, item: Any) -> InputError:
    if isinstance(item, str):
        return InputError(f"column {name!r}, row {row}: the text holds a lone surrogate, which is not Unicode")
    return InputError(f"column {name!r}, row {row}: expected text, got {type(item).__name__} {str(item)[:40]!r}")


def _bind_ragged(name: str, kind: ValueType, column: Any) -> tuple[Any, np.ndarray]:
    if not isinstance(column, Ragged):
        raise _wrong(name, kind, column)
    items = bind_column(name, TEXT if kind.is_text else dense(kind.dtype), column.items)
    if isinstance(column.items, Texts) and column.items.missing is not None:
        raise InputError(f"column {name!r}: a text in a list is missing; leave it out of the list")
    starts = column.starts if column.is_checked else _starts(name, column.starts, len(column.items))
    return items, np.ascontiguousarray(starts, np.int64)


def _starts(name: str, starts: np.ndarray, count: int) -> np.ndarray:
    """Return the starts of rows, if they partition the ``count`` stored values."""
    if len(starts) == 0 or starts[0] != 0 or starts[-1] != count or (np.diff(starts) < 0).any():
        raise InputError(f"column {name!r}: row starts do not run from 0 to the {count} stored values")
    return np.ascontiguousarray(starts, np.int64)


def _bind_sparse(name: str, kind: ValueType, column: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if not isinstance(column, Csr) or column.data.dtype != kind.numpy or column.width != kind.width:
        raise _wrong(name, kind, column)
    if not column.is_checked:
        _check_sparse(name, kind, column)
    starts = np.ascontiguousarray(column.starts, np.int64)
    return np.ascontiguousarray(column.data), column.indices.astype(np.int32, copy=False), starts


def _check_sparse(name: str, kind: ValueType, column: Csr) -> None:
    indices = column.indices
    stored = len(indices)
    if len(column.data) != stored:
        raise InputError(f"column {name!r}: {len(column.data)} values for {stored} columns")
    _starts(name, column.starts, stored)
    if stored and not 0 <= indices.min() <= indices.max() < kind.columns:
        raise InputError(f"column {name!r}: a stored value is outside columns 0..{kind.columns - 1}")


def _wrong(name: str, kind: ValueType, column: Any) -> InputError:
    if isinstance(column, np.ndarray):
        actual = f"an array of {column.dtype}, shape {column.shape}"
    elif isinstance(column, Csr):
        actual = f"a sparse matrix of {column.data.dtype}, width {column.width}"
    else:
        actual = type(column).__name__
    return InputError(f"column {name!r}: expected {kind}, got {actual}")


def wrong_columns(required: set[str], columns: Mapping[str, Any], names: set[str]) -> InputError:
    """Return the error for columns that a model does not take, or that it lacks."""
    missing, unknown = sorted(required - columns.keys()), sorted(columns.keys() - names)
    wrong = f"column {missing[0]!r} is missing" if missing else f"column {unknown[0][:100]!r} is unknown"
    return InputError(f"{wrong}; the model takes {_listed(names)}")


def _listed(names: set[str]) -> str:
    shown = ", ".join(map(repr, sorted(names)[:SHOWN]))
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"
