"""Columns of Python objects, for models that tell objects apart which NumPy converts to one number or text.

An encoder knows None and NaN as two categories, 1 and ``"1"`` as two, and pandas' NA as neither.  The metadata of a
model say under ``objects`` which of its inputs are read so.  Each has a form, a dictionary with the keys:

``positions``  of a matrix: its columns that are read so; without it all are.
``null``       of texts: the missing value, ``nan`` or ``none``, that None in a row of named values stands for.
``none``       ``refused``: None would leave the model as a NaN.
``na``         ``refused``: NA is not what the model takes as missing.
``takes_objects``  the library converts the column to objects, in which NA of pandas' own types stays NA.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.plan.values import none_number

Form = Mapping[str, Any]

_NAN = float("nan")
_WHOLE = (bool, np.bool_, int, np.integer)


def numbers_of(array: np.ndarray, dtype: np.dtype, form: Form) -> np.ndarray:
    """Return an array of objects as floats; None is the NaN that stands for it.

    Raises:
        InputError: a value is not a number, or no float of ``dtype`` equals it; the message names its row.
    """
    if array.ndim == 1:
        return np.array([_number(value, dtype, form, row) for row, value in enumerate(array.tolist())], dtype)
    strict = set(form.get("positions", range(array.shape[1])))
    out = np.empty(array.shape, dtype)
    for column in range(array.shape[1]):
        values = array[:, column]
        out[:, column] = numbers_of(values, dtype, form) if column in strict else values.astype(dtype)
    return out


def refuse_na(values: Any, form: Form, *, is_text: bool) -> None:
    """Refuse NA in a column of one of pandas' own types, where the library finds an object that is not missing.

    Raises:
        InputError: there is one; the message names its row.
    """
    dtype = getattr(values, "dtype", None)
    if form.get("na") != "refused" or not (is_text or form.get("takes_objects")):
        return
    if not hasattr(dtype, "na_value") or isinstance(dtype.na_value, float):
        return
    missing = np.asarray(values.isna())
    if missing.any():
        raise _na(int(missing.argmax()))


def refuse_objects_of_na(values: Sequence[Any], form: Form, width: int = 1) -> None:
    """Refuse pandas' NA among texts, ``width`` per row, where the model does not take it as missing.

    Raises:
        InputError: there is one; the message names its row.
    """
    if form.get("na") == "refused":
        for i, value in enumerate(values):
            if _is_na(value):
                raise _na(i // width)


def refuse_ambiguous_nulls(X: Any, forms: Mapping[str, Form]) -> None:
    """Refuse nulls in a boolean column of polars beside columns of floats.

    polars makes one array of a table: then these nulls are NaN, without floats None, and which columns a step takes
    together only the library knows.

    Raises:
        InputError: there is one; the message names the column.
    """
    if not forms or not hasattr(X, "get_columns") or not hasattr(X, "schema"):
        return
    columns = {column.name: column for column in X.get_columns()}
    if not any(str(column.dtype).startswith("Float") for column in columns.values()):
        return
    for name, column in columns.items():
        if str(column.dtype) == "Boolean" and column.null_count() and (name in forms or len(forms) == 1):
            raise InputError(
                f"column {name!r}, row {int(column.is_null().arg_max())}: null in a boolean column beside columns of "
                "floats is None or NaN to scikit-learn, by the columns of each step; fill it, or cast it to Float64"
            )


def as_frame(values: Sequence[Any], form: Form) -> list[Any]:
    """Return a column of rows of named values as ``pandas.DataFrame`` makes it.

    None beside numbers is NaN; among booleans, objects, or alone it stays None.  Beside texts it is the missing value
    that the model knows, and NaN, as pandas 3 has it, where it knows both.
    """
    present = [value for value in values if value is not None and value == value]
    if len(present) == len(values):
        return list(values)
    if present and all(isinstance(value, str) for value in present):
        stays = form.get("null") == "none"
    elif present:
        stays = not all(isinstance(v, (int, float, np.number)) and not isinstance(v, bool) for v in present)
    else:
        stays = all(value is None for value in values)
    return list(values) if stays else [_NAN if value is None else value for value in values]


def _number(value: Any, dtype: np.dtype, form: Form, row: int) -> float:
    if value is None:
        if form.get("none") == "refused":
            raise InputError(f"row {row}: None, which the library would answer with as it is; fill it in first")
        return float(none_number())
    if isinstance(value, (float, np.floating)):
        number = float(value)
    elif isinstance(value, _WHOLE):
        value = int(value)
        number = _rounded(value, row)
    elif isinstance(value, (Decimal, Fraction)) and value == value:
        number = _rounded(value, row)
    elif _is_na(value) and form.get("na") != "refused":
        return _NAN
    elif _is_na(value):
        raise _na(row)
    else:
        kind = "a text" if isinstance(value, str) else f"of type {type(value).__name__}"
        raise InputError(f"row {row}: expected a number, got {value!r:.40}, which is {kind}; convert it first")
    if value == value and dtype.type(number) != value:
        raise InputError(f"row {row}: no {dtype.name} equals {value!r:.40}; round it, or encode such values as texts")
    return number


def _rounded(value: Any, row: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InputError(f"row {row}: no float equals {value!s:.40}; encode such values as texts") from None


def _is_na(value: Any) -> bool:
    return type(value).__name__ == "NAType"


def _na(row: int) -> InputError:
    return InputError(
        f"row {row}: pandas.NA, which the model does not take as missing; replace it by None or NaN, whichever it knows, "
        "or impute with SimpleImputer(missing_values=pandas.NA)"
    )
