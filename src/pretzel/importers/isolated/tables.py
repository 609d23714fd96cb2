"""Tables that a step is given, as columns of messages and their description."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.isolation.side import forms
from pretzel.isolation.side.results import dtype_of
from pretzel.isolation.side.tables import DATES, EXACT, MASKED, NAT, as_dtype

Described = tuple[dict[str, Any], list[forms.Column]]
"""A description (:func:`pretzel.isolation.side.forms.given`), and the columns."""
POLARS_NUMBERS = ("Boolean", *(f"{sign}Int{size}" for sign in ("", "U") for size in (8, 16, 32, 64)))


class ContainerError(ValueError):
    """A container has no columns of a type."""


def described_pandas(given: Any) -> Described:
    """Return a table or a series of pandas.

    Raises:
        ContainerError: a column cannot be sent.
    """
    if given.ndim == 1:
        takes = {"form": "series", "names": [_name(given.name)], "dtypes": [dtype_of(given)]}
        return takes, [_column(given)]
    names = [_name(name) for name in given.columns]
    series = [given.iloc[:, i] for i in range(given.shape[1])]
    takes = {"form": "table", "names": names, "dtypes": list(map(dtype_of, series))}
    return takes, list(map(_column, series))


def described_polars(given: Any) -> Described:
    """Return a table of polars.

    Raises:
        ContainerError: a column cannot be sent.
    """
    if not hasattr(given, "get_columns"):
        raise ContainerError(f"it is given a {type(given).__name__} of polars; tables can be sent")
    columns = given.get_columns()
    absent = [column.name for column in columns if str(column.dtype).startswith("Float") and column.null_count()]
    takes = {"form": "polars", "names": given.columns, "dtypes": list(map(_polars_dtype, columns)), "absent": absent}
    return takes, list(map(_polars_column, columns))


def _name(name: Any) -> Any:
    if name is not None and type(name) not in (str, int):
        raise ContainerError(f"a column is named {name!r:.60}; texts can be sent")
    return name


def _column(series: Any) -> forms.Column:
    dtype = str(series.dtype)
    if getattr(series.dtype, "kind", "") in ("M", "m") and DATES.fullmatch(dtype):
        return forms.returned(np.asarray(series.array.asi8))[0]
    if MASKED.fullmatch(dtype):
        return forms.returned(_floats_of(series))[0]
    numeric = isinstance(series.dtype, np.dtype) and series.dtype.kind in "biuf"
    values = series.to_numpy() if numeric else _objects_of(series)
    if not numeric and dtype not in ("object", "str", "string", "category"):
        raise ContainerError(f"column {series.name!r} holds {dtype}")
    return forms.returned(sendable(values, series.name))[0]


def _objects_of(series: Any) -> np.ndarray:
    """Return a column of objects, in which pandas' NA is NaN."""
    objects: np.ndarray = series.astype(object).to_numpy()
    return np.array([np.nan if type(value).__name__ == "NAType" else value for value in objects.tolist()], object)


def _floats_of(series: Any) -> np.ndarray:
    """Return nullable numbers of pandas as floats, with NaN for missing ones."""
    whole = series.dropna().to_numpy(series.dtype.numpy_dtype)
    if whole.dtype.kind == "f" and np.isnan(whole).any():
        raise ContainerError(f"column {series.name!r} holds both NA and NaN, which cross alike")
    _check_exact(whole, series.name)
    floats: np.ndarray = series.to_numpy(np.float32 if str(series.dtype) == "Float32" else np.float64, na_value=np.nan)
    return floats


def _polars_dtype(column: Any) -> Any:
    """Return the type of a column: its name in polars, its categories, or dates as pandas spells them."""
    dtype, name = column.dtype, type(column.dtype).__name__
    if name == "Enum":
        return {"categories": dtype.categories.to_list()}
    if name in ("Datetime", "Duration"):
        kind, zone = "datetime64" if name == "Datetime" else "timedelta64", getattr(dtype, "time_zone", None)
        return f"{kind}[{dtype.time_unit}{f', {zone}' if zone else ''}]"
    if str(dtype) not in ("Date", "String", "Float32", "Float64", *POLARS_NUMBERS):
        raise ContainerError(f"column {column.name!r} holds {dtype} of polars")
    return str(dtype)


def _polars_column(column: Any) -> forms.Column:
    kind = str(column.dtype)
    if kind == "Date" or DATES.fullmatch(str(_polars_dtype(column))):
        ticks = column.to_physical().cast(type(column)([0]).dtype).fill_null(NAT).to_numpy()
        days = np.where(ticks == NAT, NAT, ticks * 86_400) if kind == "Date" else ticks
        return forms.returned(days)[0]
    if kind in POLARS_NUMBERS:
        _check_exact(column.drop_nulls().to_numpy(), column.name)
        values = column.cast(type(column)([0.5]).dtype).to_numpy()
        return forms.returned(np.asarray(values, np.float64))[0]
    if kind.startswith("Float") and column.null_count() and column.is_nan().any():
        raise ContainerError(f"column {column.name!r} holds both null and NaN, which cross alike")
    if kind.startswith("Float"):
        return forms.returned(column.to_numpy())[0]
    return forms.returned(np.array(column.to_list(), object))[0]


def sendable(values: np.ndarray, name: Any = "") -> np.ndarray:
    """Return numbers as clients send them: as float64, unless they are float32.

    Raises:
        ContainerError: an integer is not exact as float64.
    """
    if values.dtype.kind in "OUS" or values.dtype in (np.float32, np.float64):
        return values
    _check_exact(values, name)
    return as_dtype("", values, np.dtype(np.float64))


def _check_exact(values: np.ndarray, name: Any) -> None:
    if values.dtype.kind in "iu" and values.size and max(abs(int(values.min())), int(values.max())) >= EXACT:
        raise ContainerError(f"column {name!r} holds integers from {EXACT} on, which share their float64 with others")
