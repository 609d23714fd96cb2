"""Tables that a step returns, as columns of messages, where their types are more than numbers and texts.

Dates and time spans cross as ticks, nullable numbers as floats, and categories and nullable texts as texts; from the
types clients know what to make of them (``tables.py``).  So a result must have the types that it had for the sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .tables import DATES, EXACT, MASKED, FormError

Types = list[Any]
"""For each column the name of its type, or of categories a dictionary with their names and whether they are ordered."""


def dtype_of(series: Any) -> Any:
    """Return the type of a column of pandas.

    Raises:
        FormError: it has categories that are not texts.
    """
    if hasattr(series.dtype, "categories"):
        categories = series.dtype.categories.tolist()
        if not all(isinstance(category, str) for category in categories):
            raise FormError(f"column {series.name!r} holds categories that are not texts")
        return {"categories": categories, "ordered": bool(series.dtype.ordered)}
    return str(series.dtype)


def types_of(result: Any) -> Types | None:
    """Return the types of the columns of a table or a series of pandas; None for other results.

    Raises:
        FormError: it has categories that are not texts.
    """
    return list(map(dtype_of, _columns(result))) if hasattr(result, "iloc") else None


def is_special(dtype: Any) -> bool:
    """Return whether a column of this type crosses as another one: dates, nullable values and categories."""
    return isinstance(dtype, dict) or dtype == "string" or bool(DATES.fullmatch(dtype) or MASKED.fullmatch(dtype))


def typed_columns(result: Any, types: Sequence[Any]) -> Iterator[np.ndarray]:
    """Yield each column of a result as an array; texts are an array of objects.

    Raises:
        FormError: it is not a table, or a column has another type than for the sample, or no type here.
    """
    columns = _columns(result) if hasattr(result, "iloc") else []
    if len(columns) != len(types):
        raise FormError(f"{type(result).__name__} of {len(columns)} columns, and {len(types)} for the sample")
    for column, wanted in zip(columns, types, strict=True):
        held = dtype_of(column)
        if held != wanted:
            raise FormError(f"column {column.name!r} of {_shown(held)}, which was {_shown(wanted)} for the sample")
        yield _array(column)


def _columns(result: Any) -> list[Any]:
    return [result] if result.ndim == 1 else [result.iloc[:, i] for i in range(result.shape[1])]


def _shown(dtype: Any) -> str:
    return f"categories {dtype['categories']}"[:80] if isinstance(dtype, dict) else str(dtype)


def _array(series: Any) -> np.ndarray:
    name = str(series.dtype)
    if DATES.fullmatch(name):
        return np.asarray(series.array.asi8, np.int64)
    if MASKED.fullmatch(name):
        return _floats(series)
    if isinstance(series.dtype, np.dtype):
        array: np.ndarray = series.to_numpy()
        return array
    if name in ("str", "string", "category"):
        return np.array([np.nan if _is_na(value) else value for value in series.astype(object).tolist()], object)
    raise FormError(f"column {series.name!r} of {name}, which has no type here")


def _is_na(value: Any) -> bool:
    return type(value).__name__ == "NAType"


def _floats(series: Any) -> np.ndarray:
    """Return nullable numbers as floats, in which a missing one is NaN."""
    whole = series.dropna().to_numpy(series.dtype.numpy_dtype)
    if whole.dtype.kind == "f" and np.isnan(whole).any():
        raise FormError(f"column {series.name!r} with both NA and NaN, which cross alike")
    if whole.dtype.kind in "iu" and whole.size and max(abs(int(whole.min())), int(whole.max())) >= EXACT:
        raise FormError(
            f"column {series.name!r} with integers from {EXACT} on, which cross as floats if some are missing"
        )
    floats: np.ndarray = series.to_numpy(np.float32 if str(series.dtype) == "Float32" else np.float64, na_value=np.nan)
    return floats
