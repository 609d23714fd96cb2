"""Rejection of columns for which a NumPy function returns other values than for the same numbers as floats.

NumPy computes functions of small integers in float16 or float32, and a reciprocal or a square of integers in integers,
which truncates or wraps around.  pandas keeps missing values of nullable numbers missing, whatever the function
returns for them.  Models compute in floats, so such columns are rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.adapters.convert import numbers_as_array
from pretzel.adapters.integers import is_nullable
from pretzel.errors import InputError

ARRAYS = ("array", "asanyarray", "asarray", "ascontiguousarray", "copy", "float32", "float64")
OF_MISSING = ("isfinite", "isinf", "isnan", "signbit", *ARRAYS)
"""Functions that treat pandas' NA differently from NaN, or return an array that the libraries do not read."""
OF_ANYTHING = (*ARRAYS, "positive")
"""Functions that return the same values for all numeric types."""


def reject_integers(name: str, values: Any, metadata: Mapping[str, Any]) -> None:
    """Reject a column if a NumPy function reads it and returns other values for its type than for floats.

    ``metadata``: metadata of the model; ``functions`` lists for each input the functions that read it unconverted, each
    with the positions that it reads, or None for all; the kinds of NumPy types to check: ``iub``, or ``b`` alone if
    :mod:`pretzel.adapters.integers` handles integers, or none if they are read as floats; and whether pandas applies
    the function to each column of a table separately.

    Raises:
        InputError: the values differ; the message names the function and the type of the column.
    """
    readers = (metadata.get("functions") or {}).get(name)
    for function, positions, kinds, *by_column in readers or ():
        for label, column in _columns_of(name, values, positions, by_column == [True]):
            if is_nullable(column):  # no other rule covers these: the model reads an array
                _check_nullable(label, column, function)
            elif column.dtype.kind in kinds:
                _check(label, column, function)


def _columns_of(name: str, values: Any, positions: Sequence[int] | None, by_column: bool) -> Iterator[tuple[str, Any]]:
    """Yield the arguments of the function: each column of a table separately, or one array."""
    if by_column and hasattr(values, "iloc") and values.ndim == 2:
        for i in range(values.shape[1]) if positions is None else positions:
            column = values.iloc[:, i]
            yield str(values.columns[i]), column if is_nullable(column) else column.to_numpy()
    elif by_column and is_nullable(values):
        yield name, values
    else:
        array = numbers_as_array(name, values)
        yield name, array if positions is None or array.ndim == 1 else array[:, positions]


def _check_nullable(name: str, column: Any, function: str) -> None:
    """Reject a column for which pandas computes by its own rules, or returns NA where NumPy returns False."""
    kind = getattr(column.dtype, "numpy_dtype", np.dtype(object))
    if kind.kind not in "iubf":
        return
    if kind == np.float64 and column.dtype.name == "Float64" and not column.isna().any():
        return
    by_pandas = not isinstance(getattr(np, function, None), np.ufunc) and function not in OF_ANYTHING
    if by_pandas or (function in OF_MISSING and column.isna().any()):
        raise InputError(
            f"column {name!r}: pandas computes {_title(function)} differently for {column.dtype} than for floats; "
            "train and predict with floats: astype(float)"
        )
    _check(name, column.dropna().to_numpy(kind), function)


def _check(name: str, array: np.ndarray, function: str) -> None:
    if not _is_as_of_floats(getattr(np, function, None), array, function):
        raise InputError(
            f"column {name!r}: {_title(function)} returns other values for {array.dtype} than for floats; "
            "train and predict with floats: astype(float)"
        )


def _is_as_of_floats(compute: Any, array: np.ndarray, function: str) -> bool:
    """Return whether a function returns the same for this array as for its numbers in float64."""
    if function in OF_ANYTHING:
        return True
    if not isinstance(compute, np.ufunc):  # pandas computes these by its own rules, with others for booleans
        return array.dtype.kind != "b"
    try:
        with np.errstate(all="ignore"):
            result = compute(array[:0]).dtype
            if result == np.float64:
                return True
            if result == np.float16:  # in which the steps after it compute too
                return False
            return np.array_equal(compute(array), compute(array.astype(np.float64)), equal_nan=True)
    except TypeError:
        return False


def _title(function: str) -> str:
    return f"numpy.{function}" if hasattr(np, function.partition(" ")[0]) else function
