"""Access to tables of any library by duck typing: pandas, polars and Arrow are never imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from pretzel.adapters.arrow import arrow_numbers, arrow_texts, is_arrow, reject_decimals
from pretzel.errors import InputError
from pretzel.plan.values import Texts

FEW = 64
"""Number of rows up to which a list of strings is faster than reading their memory."""


def is_sparse(X: Any) -> bool:
    """Return whether this is a SciPy sparse matrix or array."""
    return hasattr(type(X), "tocsr")  # of the class: pandas searches its columns for other attributes


def is_polars(X: Any) -> bool:
    """Return whether this is a polars table."""
    return hasattr(type(X), "get_columns") and type(X).__module__.partition(".")[0] == "polars"


def dtypes_of(X: Any) -> list[Any]:
    """Return the types of the columns of a pandas or polars table, or the one of a series.

    Without the series that pandas makes for them, which costs more than predicting a row.
    """
    listed = getattr(getattr(X, "_mgr", None), "get_dtypes", None)
    return list(np.atleast_1d(X.dtypes) if listed is None else listed())


def table_of(X: Any) -> dict[str, Any] | None:
    """Return the columns of a table by name, or None if ``X`` is not a table.

    A table is a DataFrame with text names, an Arrow table, a mapping of columns, or a list of mappings, one per row.
    """
    if is_sparse(X):  # the dictionary-of-keys format is a mapping too
        return None
    if isinstance(X, Mapping):
        return dict(X)
    if hasattr(type(X), "column_names"):
        return _frame(X.column, list(X.column_names))
    if hasattr(X, "columns") and hasattr(X, "shape"):
        names = names_of(X.columns)
        return _frame(X.__getitem__, names) if all(isinstance(name, str) for name in names) else None
    if isinstance(X, (list, tuple)) and X and isinstance(X[0], Mapping):
        return _rows(X)
    return None


def columns_named(X: Any, names: Iterable[str]) -> dict[str, Any] | None:
    """Return these columns of a table; None if X is not a table, lacks a column or has one twice."""
    try:
        column = _without_series(X) or X.__getitem__
        columns = {name: column(name) for name in names}
    except Exception:  # each library raises its own error for a missing column
        return None
    return None if any(getattr(column, "ndim", 1) != 1 for column in columns.values()) else columns


def column_names(X: Any) -> list[Any] | None:
    """Return the column names of a pandas, polars or Arrow table; None for anything else."""
    if hasattr(type(X), "column_names"):
        return list(X.column_names)
    return names_of(X.columns) if hasattr(X, "columns") and hasattr(X, "shape") else None


def names_of(columns: Any) -> list[Any]:
    """Return the names of columns; those of pandas' type of texts at once, which is faster than one by one."""
    if type(getattr(columns, "dtype", None)).__name__ == "StringDtype":
        names: list[Any] = columns.array.to_numpy(dtype=object).tolist()
        return names
    return list(columns)


def columns_in_order(X: Any) -> list[Any] | None:
    """Return the columns of a table in order, whatever their names; None if X is not a table."""
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        return [X.iloc[:, i] for i in range(X.shape[1])]  # names may be repeated, and may not be texts
    table = table_of(X)
    return None if table is None else list(table.values())


def _without_series(X: Any) -> Callable[[str], Any] | None:
    """Return a getter of pandas columns without a Series, which costs more than predicting a row."""
    if not hasattr(X, "_get_column_array") or not hasattr(X, "columns"):
        return None
    array, locate = X._get_column_array, X.columns.get_loc

    def column(name: str) -> Any:
        position = locate(name)
        return array(position) if isinstance(position, int) else X[name]  # a repeated name has several positions

    return column


def texts_of(values: Any) -> Texts | list[Any]:
    """Return a column of texts: packed if it is already packed in memory, otherwise as a list of its values."""
    packed = arrow_texts(values) if hasattr(values, "__len__") and len(values) > FEW else None
    if packed is not None:
        return packed
    categories = getattr(getattr(values, "dtype", None), "categories", None)
    codes = getattr(getattr(values, "array", values), "codes", None)
    if categories is not None and codes is not None:  # of pandas, where code -1 is a missing value
        table = np.array([*categories, np.nan], object)
        texts: list[Any] = table[codes].tolist()
        return texts
    for method in ("tolist", "to_list", "to_pylist"):
        if hasattr(values, method):
            return getattr(values, method)()  # type: ignore[no-any-return]
    return list(values)


def array_of(values: Any, number: bool) -> Any:
    """Return a column (or a frame of numbers) as an array; missing values become NaN.

    Raises:
        InputError: the type is decimal.
    """
    if is_arrow(values):
        return arrow_numbers(values)
    if isinstance(values, np.ndarray) or not hasattr(values, "to_numpy"):
        return values
    reject_decimals(getattr(getattr(values, "dtype", None), "pyarrow_dtype", getattr(values, "dtype", None)))
    if number and str(getattr(values, "dtype", "")).startswith("string"):  # NumPy cannot convert its NA to a number
        return values.to_numpy()
    if hasattr(values, "isna") and _may_hold_na(values, number) and np.any(values.isna()):
        return values.to_numpy(na_value=np.nan)
    return values.to_numpy()


def array_type(values: Any) -> np.dtype:
    """Return the type of the array that NumPy makes of a column or of rows.

    It is that of objects for what NumPy makes no array of, such as lists of rows of several lengths. The conversion of
    the column rejects these, and names the column.
    """
    try:
        return np.asarray(values).dtype
    except (ValueError, TypeError):
        return np.dtype(object)


def head(X: Any, rows: int) -> Any:
    """Return the first rows of any input of :func:`~pretzel.adapters.inputs.columns_of`."""
    if is_sparse(X):
        return X.tocsr()[:rows]  # not every sparse format can be sliced
    if isinstance(X, Mapping):
        return {name: head(column, rows) for name, column in X.items()}
    if hasattr(X, "iloc"):
        return X.iloc[:rows]
    return X.slice(0, rows) if hasattr(X, "column_names") else X[:rows]


def _may_hold_na(values: Any, number: bool) -> bool:
    """Return whether a missing value may be pandas' NA.  A search costs more than the rest of a small request."""
    dtype = getattr(values, "dtype", None)
    if dtype is None:  # a frame
        return number
    return hasattr(dtype, "na_value") and not isinstance(dtype.na_value, float)


def _frame(column: Callable[[str], Any], names: list[str]) -> dict[str, Any]:
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"column {twice!r}: the table contains it twice; rename one")
    return {name: column(name) for name in names}


def _rows(X: Any) -> dict[str, Any]:
    columns: dict[str, list[Any]] = {name: [] for name in X[0]}
    for i, row in enumerate(X):
        if not isinstance(row, Mapping):
            raise InputError(f"row {i}: expected a dictionary, as row 0 is, got {type(row).__name__} {row!r:.40}")
        if row.keys() != columns.keys():
            differs = sorted(map(str, row.keys() ^ columns.keys()))
            raise InputError(f"row {i}: column {differs[0]!r} is in some rows, but not in others")
        for name, value in row.items():
            columns[name].append(value)
    return columns
