"""Columns of values that Python's equality and hash confuse, in each form that a library or a client accepts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

NAN = float("nan")
VALUES: list[Any] = [
    *(True, False, None, NAN, pd.NA, 0, 1, 2, 0.0, 1.0, 0.5, -0.0, 2**53, 2**53 + 1),
    *("True", "False", "0", "1", "nan", "None", "", "a"),
    *(np.str_("a"), np.bool_(True), np.int64(1), np.float32(0.1), 0.1, np.float64(NAN), Decimal(1), Decimal("0.1")),
]
FITTED: list[list[Any]] = [
    [True, False],
    [True, False, None],
    [True, False, NAN],
    [True, False, None, NAN],
    [True, None],
    [None],
    [NAN],
    [0, 1],
    [0, 1, None],
    [0, 1, 2**53],
    [0.0, 1.0, NAN],
    [0.5, None],
    [0.1, 2.0],
    [1, True, 0.0, NAN],
    [np.bool_(True), False, np.int64(2)],
    [Decimal(1), 0],
    [Decimal("0.1"), 0],
    ["True", "False"],
    ["True", "False", None],
    ["0", "1", NAN],
    ["nan", "a", NAN, None],
    ["", "a", np.str_("b")],
    [pd.NA],
]


def forms(values: list[Any]) -> Iterator[tuple[str, Any]]:
    """Yield one column of these values in each form that can hold them, with the name of the form."""
    rows = [[value] for value in values]
    yield "list", rows
    yield "objects", _objects(values)
    yield "pandas objects", pd.DataFrame({"a": pd.Series(values, dtype=object)})
    yield "pandas", pd.DataFrame({"a": values})
    yield "dictionaries", [{"a": value} for value in values]
    yield "columns", {"a": list(values)}
    if all(isinstance(value, (bool, np.bool_)) for value in values):
        yield "booleans", np.array(rows, bool)
    if all(isinstance(value, (bool, int, float, np.number)) for value in values):
        yield "floats", np.array(rows, float)
    if all(isinstance(value, str) for value in values):
        yield "texts", np.array(rows, str)
    yield from _of_dtypes(values)


def _of_dtypes(values: list[Any]) -> Iterator[tuple[str, Any]]:
    for dtype in ("boolean", "Int64", "Float64", "string", "bool[pyarrow]", "category"):
        try:
            yield dtype, pd.DataFrame({"a": pd.array(values, dtype=dtype)})
        except (TypeError, ValueError, OverflowError, pa.ArrowException):
            continue
    plain = [None if value is pd.NA else value for value in values]
    try:
        yield "polars", pl.DataFrame({"a": plain}, strict=True)
        yield "arrow", pa.table({"a": pa.array(plain)})
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError, pa.ArrowException):
        return


def as_library(form: str, x: Any) -> Any:
    """Return X in the library's form: rows of named values as a DataFrame."""
    return pd.DataFrame(x) if form in ("dictionaries", "columns") else x


def is_named(x: Any) -> bool:
    """Return whether a form has column names."""
    return not isinstance(x, np.ndarray) and not (isinstance(x, list) and isinstance(x[0], list))


def _objects(values: list[Any]) -> np.ndarray:
    column = np.empty((len(values), 1), object)
    column[:, 0] = values
    return column
