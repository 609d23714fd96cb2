"""Tables of whatever library, told by what they can do: pandas, polars and Arrow are never imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from pretzel.adapters.arrow import arrow_numbers, arrow_texts, is_arrow, refuse_decimals
from pretzel.errors import InputError
from pretzel.plan.values import Texts

FEW = 64
"""Rows of which a list of strings is made sooner than their memory is looked at."""


def is_sparse(X: Any) -> bool:
    """Whether this is a SciPy sparse matrix or array."""
    return hasattr(X, "tocsr")


def is_polars(X: Any) -> bool:
    """Whether this is a table of polars."""
    return hasattr(X, "get_columns") and type(X).__module__.partition(".")[0] == "polars"


def table_of(X: Any) -> dict[str, Any] | None:
    """Return the columns of a table by name, None where ``X`` is none.

    A table is a DataFrame with text names, an Arrow table, a mapping of columns, or a list of mappings, one a row.
    """
    if is_sparse(X):  # of which the one by keys is a mapping too
        return None
    if isinstance(X, Mapping):
        return dict(X)
    if hasattr(X, "column_names"):
        return _frame(X.column, list(X.column_names))
    if hasattr(X, "columns") and hasattr(X, "shape"):
        names = list(X.columns)
        return _frame(X.__getitem__, names) if all(isinstance(name, str) for name in names) else None
    if isinstance(X, (list, tuple)) and X and isinstance(X[0], Mapping):
        return _rows(X)
    return None


def columns_named(X: Any, names: Iterable[str]) -> dict[str, Any] | None:
    """Return those columns of a table; None where X is none, lacks one or has one twice: :func:`table_of` tells."""
    try:
        column = _without_series(X) or X.__getitem__
        columns = {name: column(name) for name in names}
    except Exception:  # each library raises an error of its own for a column that is not there
        return None
    return None if any(getattr(column, "ndim", 1) != 1 for column in columns.values()) else columns


def column_names(X: Any) -> list[Any] | None:
    """Return the names of the columns of a table of pandas, polars or Arrow; None of anything else."""
    if hasattr(X, "column_names"):
        return list(X.column_names)
    return list(X.columns) if hasattr(X, "columns") and hasattr(X, "shape") else None


def columns_in_order(X: Any) -> list[Any] | None:
    """Return the columns of a table, whatever they are called, in their order; None where X is none."""
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        return [X.iloc[:, i] for i in range(X.shape[1])]  # a name may be there twice, and need not be a text
    table = table_of(X)
    return None if table is None else list(table.values())


def _without_series(X: Any) -> Callable[[str], Any] | None:
    """Return what finds a column of pandas without the Series around it, which takes longer than predicting a row."""
    if not hasattr(X, "_get_column_array") or not hasattr(X, "columns"):
        return None
    array, locate = X._get_column_array, X.columns.get_loc

    def column(name: str) -> Any:
        place = locate(name)
        return array(place) if isinstance(place, int) else X[name]  # a name that is there twice has many places

    return column


def texts_of(values: Any) -> Texts | list[Any]:
    """Return a column that is to hold texts: packed where it lies so already, else as a list of whatever it holds."""
    packed = arrow_texts(values) if hasattr(values, "__len__") and len(values) > FEW else None
    if packed is not None:
        return packed
    categories = getattr(getattr(values, "dtype", None), "categories", None)
    codes = getattr(getattr(values, "array", values), "codes", None)
    if categories is not None and codes is not None:  # of pandas, where -1 is the code of what is missing
        table = np.array([*categories, np.nan], object)
        found: list[Any] = table[codes].tolist()
        return found
    for method in ("tolist", "to_list", "to_pylist"):
        if hasattr(values, method):
            return getattr(values, method)()  # type: ignore[no-any-return]
    return list(values)


def array_of(values: Any, number: bool) -> Any:
    """Return a column (or a frame of numbers) as an array; what is missing comes back as NaN.

    Raises:
        InputError: it holds decimals.
    """
    if is_arrow(values):
        return arrow_numbers(values)
    if isinstance(values, np.ndarray) or not hasattr(values, "to_numpy"):
        return values
    refuse_decimals(getattr(getattr(values, "dtype", None), "pyarrow_dtype", getattr(values, "dtype", None)))
    if number and str(getattr(values, "dtype", "")).startswith("string"):  # whose NA is no number to NumPy
        return values.to_numpy()
    if hasattr(values, "isna") and _may_hold_na(values, number) and np.any(values.isna()):
        return values.to_numpy(na_value=np.nan)
    return values.to_numpy()


def head(X: Any, rows: int) -> Any:
    """Return the first rows of anything that :func:`~pretzel.adapters.inputs.columns_of` takes."""
    if is_sparse(X):
        return X.tocsr()[:rows]  # not every form of one has rows to take
    if isinstance(X, Mapping):
        return {name: head(column, rows) for name, column in X.items()}
    if hasattr(X, "iloc"):
        return X.iloc[:rows]
    return X.slice(0, rows) if hasattr(X, "column_names") else X[:rows]


def _may_hold_na(values: Any, number: bool) -> bool:
    """Whether a missing value may come as pandas' NA.  Looking costs more than the rest of a small request."""
    dtype = getattr(values, "dtype", None)
    if dtype is None:  # a frame
        return number
    return hasattr(dtype, "na_value") and not isinstance(dtype.na_value, float)


def _frame(column: Callable[[str], Any], names: list[str]) -> dict[str, Any]:
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"column {twice!r}: the table has it twice; rename one")
    return {name: column(name) for name in names}


def _rows(X: Any) -> dict[str, Any]:
    columns: dict[str, list[Any]] = {name: [] for name in X[0]}
    for i, row in enumerate(X):
        if row.keys() != columns.keys():
            differs = sorted(map(str, row.keys() ^ columns.keys()))
            raise InputError(f"row {i}: column {differs[0]!r} is in some rows and not in others")
        for name, value in row.items():
            columns[name].append(value)
    return columns
