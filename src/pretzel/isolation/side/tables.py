"""Columns of messages as columns of pandas and polars tables, in the types that the sample had.

Numbers cross as floats, in which NaN is a missing value of a type that has one.  Dates and time spans cross as
ticks of int64 since 1970 in UTC, and the smallest int64 is a missing one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

NAT = -(2**63)
EXACT = 2**53
"""Integers from here on share their float64 with others."""
DATES = re.compile(r"(datetime64|timedelta64)\[(s|ms|us|ns)(?:, (.+))?\]")
MASKED = re.compile(r"U?Int(8|16|32|64)|Float(32|64)|boolean")
"""pandas' numbers that may be missing."""


class FormError(ValueError):
    """Columns do not fit what a step takes, or it returns something that has no type."""


def pandas_table(names: Sequence[Any], values: Sequence[Any], types: Sequence[Any]) -> Any:
    """Return a pandas table of columns.

    Raises:
        FormError: a value is not of the type that the sample had there.
    """
    import pandas

    data = [pandas_column(name, v, t) for name, v, t in zip(names, values, types, strict=True)]
    table = pandas.concat(data, axis=1) if data else pandas.DataFrame()
    table.columns = names
    return table


def pandas_column(name: Any, value: Any, dtype: Any) -> Any:
    """Return a column as a pandas series of a dtype.

    Raises:
        FormError: a value is not of that type.
    """
    import pandas

    if isinstance(dtype, dict):
        return pandas.Series(pandas.Categorical(value, dtype["categories"], dtype["ordered"]), name=name)
    if isinstance(value, list):
        return pandas.Series(value, name=name, dtype=dtype)
    if dates := DATES.fullmatch(dtype):
        kind, unit, zone = dates.groups()
        ticks = value.view(f"{'M8' if kind == 'datetime64' else 'm8'}[{unit}]")
        series = pandas.Series(ticks, name=name)
        return series if zone is None else series.dt.tz_localize("UTC").dt.tz_convert(zone)
    if MASKED.fullmatch(dtype):
        missing = np.isnan(value)
        filled = np.where(missing, 0, value)
        series = pandas.Series(as_dtype(name, filled, np.dtype(dtype.lower().replace("boolean", "bool"))), name=name)
        return series.astype(dtype).mask(pandas.Series(missing))
    return pandas.Series(as_dtype(name, value, np.dtype(dtype)), name=name)


def polars_table(names: Sequence[str], values: Sequence[Any], types: Sequence[Any], floats: Sequence[str]) -> Any:
    """Return a polars table of columns; ``floats``: those whose NaN means null.

    Raises:
        FormError: a value is not of the type that the sample had there.
    """
    import polars

    columns = zip(names, values, types, strict=True)
    return polars.DataFrame([_polars_column(polars, name, v, t, name in floats) for name, v, t in columns])


def _polars_column(polars: Any, name: str, value: Any, dtype: Any, absent: bool) -> Any:
    if isinstance(dtype, dict):
        return polars.Series(name, value, polars.Enum(dtype["categories"]))
    if isinstance(value, list):
        return polars.Series(name, [one if isinstance(one, str) else None for one in value], polars.String)
    if dates := DATES.fullmatch(dtype):
        return _polars_dates(polars, name, value, *dates.groups())
    if dtype == "Date":
        days = as_days(name, value)
        return polars.Series(name, days).cast(polars.Int32).set(polars.Series(value == NAT), None).cast(polars.Date)
    if dtype.startswith("Float"):
        series = polars.Series(name, as_dtype(name, value, np.dtype(dtype.lower())))
        return series.fill_nan(None) if absent else series
    missing = np.isnan(value)
    kind = np.dtype(dtype.lower().replace("boolean", "bool"))
    return polars.Series(name, as_dtype(name, np.where(missing, 0, value), kind)).set(polars.Series(missing), None)


def _polars_dates(polars: Any, name: str, ticks: np.ndarray, kind: str, unit: str, zone: str | None) -> Any:
    whole = polars.Series(name, ticks).set(polars.Series(ticks == NAT), None)
    if kind == "timedelta64":
        return whole.cast(polars.Duration(unit))
    dates = whole.cast(polars.Datetime(unit))
    return dates if zone is None else dates.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)


def as_days(name: str, seconds: np.ndarray) -> np.ndarray:
    """Return seconds as days; those of a missing date are 0.

    Raises:
        FormError: a date has a time of day.
    """
    filled = np.where(seconds == NAT, 0, seconds)
    if (filled % 86_400).any():
        row = int((filled % 86_400 != 0).argmax())
        raise FormError(f"column {name!r}, row {row}: expected a date as in the sample, got one with a time of day")
    return filled // 86_400


def as_dtype(name: Any, array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return numbers in a dtype that holds each of them.

    Raises:
        FormError: it does not hold one; with column and row.
    """
    if array.dtype == dtype or dtype.kind == "O":
        return array
    with np.errstate(all="ignore"):
        cast = array.astype(dtype)
        lost = ~((cast == array) | (np.isnan(array) if array.dtype.kind == "f" and dtype.kind == "f" else False))
        if array.dtype.kind == "f" and dtype.kind in "iu" and dtype.itemsize == 8:
            lost |= np.abs(array) >= EXACT
    if dtype.kind != "f" and lost.any():
        row = int(np.argwhere(lost)[0][0])
        value = array[row] if array.ndim == 1 else array[row][np.argwhere(lost)[0][1]]
        also = f"; integers from {EXACT} on cannot be distinguished" if abs(value) >= EXACT else ""
        raise FormError(f"column {name!r}, row {row}: expected {dtype} as in the sample, got {value}{also}")
    return cast
