"""Choice of the sample rows to verify: evenly spaced rows, and rows with unusual values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from itertools import chain, zip_longest
from numbers import Real
from typing import Any

import numpy as np

from pretzel.adapters.tables import array_of, is_sparse, table_of
from pretzel.errors import InputError

MOST_CATEGORIES = 50
"""A column of objects with more distinct values than this is treated as free text."""
EACH_UNUSUAL = 3
"""Number of rows to take for one kind of unusual value in one column."""


def choose_rows(X: Any, most: int) -> np.ndarray:
    """Return at most ``most`` row numbers of ``X``, ascending.

    All rows are chosen if ``X`` has no more.  Otherwise up to half of the chosen rows have unusual values:
    infinities, missing values, the smallest and the largest number of a column, the first occurrence of each category,
    the longest and the shortest text.  The rest is evenly spaced, the first and the last row included.

    Args:
        X: any input of an estimator: an array, a table, a sparse matrix, a list.
        most: largest number of rows, at least 1.
    """
    total = row_count(X)
    if total <= most:
        return np.arange(total)
    unusual = np.fromiter(_unusual_rows(X), np.int64)[: most // 2]
    spaced = np.linspace(0, total - 1, most - len(unusual)).round().astype(np.int64)
    return np.union1d(unusual, spaced)


def row_count(X: Any) -> int:
    """Return the number of rows of any input of an estimator."""
    if isinstance(X, Mapping) and not is_sparse(X):
        return len(next(iter(X.values()), ()))
    return int(X.shape[0]) if hasattr(X, "shape") and len(X.shape) else len(X)


def take_rows(X: Any, rows: np.ndarray) -> Any:
    """Return these rows of any input of an estimator, in the same form.

    Raises:
        InputError: a column of ``X`` is shorter than the others.
    """
    if isinstance(X, Mapping) and not is_sparse(X):
        return {name: take_rows(column, rows) for name, column in X.items()}
    try:
        return _taken(X, rows)
    except IndexError:
        raise InputError(f"sample: expected at least {int(rows[-1]) + 1} rows, got {row_count(X)}") from None


def _taken(X: Any, rows: np.ndarray) -> Any:
    if is_sparse(X):
        return X.tocsr()[rows]
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if isinstance(X, (list, tuple)):
        return [X[row] for row in rows.tolist()]
    return X.take(rows) if hasattr(X, "to_pylist") or hasattr(X, "column_names") else X[rows]


def _unusual_rows(X: Any) -> Iterator[int]:
    """Yield each row with an unusual value once, round-robin over the columns, so that a limit omits no column."""
    by_column = [_unusual_of(column) for column in _columns(X)]
    turns = chain.from_iterable(zip_longest(*by_column))
    return iter(dict.fromkeys(row for row in turns if row is not None))


def _columns(X: Any) -> Iterable[np.ndarray]:
    """Yield the columns of ``X`` as arrays; nested rows are represented by their length."""
    if is_sparse(X):
        csr = X.tocsr()
        yield np.diff(csr.indptr)
        yield _extremes(csr)
        return
    table = _table(X)
    if table is not None:
        yield from (np.asarray(array_of(column, number=False)) for column in table.values())
        return
    if isinstance(X, (list, tuple)) and not _is_flat(X):
        yield np.array([len(row) if isinstance(row, Sized) else 0 for row in X])
        return
    array = np.asarray(X, object) if isinstance(X, (list, tuple)) else np.asarray(X)
    yield from (array.reshape(len(array), -1).T if array.ndim > 1 else [array])


def _is_flat(X: Sequence[Any]) -> bool:
    """Return whether a list holds single values, or lists of equal length that form a matrix."""
    if not any(isinstance(row, (list, tuple, set, frozenset, Mapping)) for row in X):
        return True
    return all(isinstance(row, (list, tuple)) and len(row) == len(X[0]) for row in X)


def _table(X: Any) -> Mapping[str, Any] | None:
    try:
        return table_of(X)
    except InputError:  # rows of named values may have different names
        return None


def _extremes(csr: Any) -> np.ndarray:
    """Return the largest stored magnitude of each row of a sparse matrix; NaN if it stores a NaN."""
    largest = np.zeros(csr.shape[0])
    stored = np.diff(csr.indptr) > 0
    if stored.any():
        largest[stored] = np.maximum.reduceat(np.abs(csr.data.astype(np.float64)), csr.indptr[:-1][stored])
    return largest


def _unusual_of(column: np.ndarray) -> list[int]:
    """Return the rows of one column with unusual values, the most unusual first."""
    if column.dtype.kind in "iub":
        return [int(column.argmin()), int(column.argmax())]
    if column.dtype.kind == "f":
        return _unusual_floats(column)
    values = column.tolist()
    if all(value is None or isinstance(value, Real) for value in values):
        return _unusual_floats(np.array([np.nan if value is None else value for value in values], np.float64))
    return _unusual_objects(values)


def _unusual_floats(column: np.ndarray) -> list[int]:
    finite = np.flatnonzero(np.isfinite(column))
    kinds = [np.flatnonzero(np.isinf(column))[:EACH_UNUSUAL], np.flatnonzero(np.isnan(column))[:EACH_UNUSUAL]]
    if len(finite):
        kinds.append(finite[[column[finite].argmin(), column[finite].argmax()]])
    return [int(row) for rows in kinds for row in rows]


def _unusual_objects(values: Sequence[Any]) -> list[int]:
    """Return the first row of each category, or the rows of the longest and the shortest text."""
    first: dict[tuple[str, str], int] = {}
    for row, value in enumerate(values):
        first.setdefault((type(value).__name__, str(value)), row)
        if len(first) > MOST_CATEGORIES:
            break
    else:
        return list(first.values())
    lengths = np.array([len(value) if isinstance(value, (str, bytes)) else -1 for value in values])
    missing = np.flatnonzero(lengths < 0)[:EACH_UNUSUAL]
    return [*map(int, missing), int(lengths.argmax()), int(lengths.argmin())]
