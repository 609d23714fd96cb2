"""Columns of Python objects, for models that tell objects apart which NumPy converts to one number or text.

An encoder knows None and NaN as two categories, 1 and ``"1"`` as two, and pandas' NA as neither.  The metadata of a
model say under ``objects`` which of its inputs are read so.  Each has a form, a dictionary with the keys:

``positions``  of a matrix: its columns that are read so; without it all are.
``null``       of texts: the missing value, ``nan`` or ``none``, that None in a row of named values stands for.
``objects``    ``refused``: the model answers with the column, and the library would answer with objects.
``na``         ``refused``: NA is not what the model takes as missing.
``none``       where pandas makes NaN of None: ``beside texts``, unless the whole column is None; ``in tables`` that it
               makes of arrays, and not of those that are given.
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
    if form.get("objects") == "refused":
        raise InputError(f"row 0: objects, such as {array.flat[0]!r:.40}, which the library answers with; convert them")
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
    stays = is_text or form.get("takes_objects") or str(dtype).startswith("string")
    if form.get("na") != "refused" or not stays:
        return
    na_value = getattr(dtype, "na_value", None)
    if na_value is None or isinstance(na_value, float):
        return
    missing = np.asarray(values.isna())
    if missing.any():
        raise _na(int(missing.argmax()))


def refuse_none(values: Any, form: Form) -> None:
    """Refuse a column of texts in which all is None, where the library reads None beside texts as NaN.

    Raises:
        InputError: it is.
    """
    if form.get("none") != "beside texts" or not len(values):
        return
    columns = np.asarray(values, object).T if getattr(values, "ndim", 1) == 2 else [values]
    for column in columns:
        if all(value is None for value in column):
            raise InputError(
                "row 0: None, and no text beside it: pandas leaves such a column what it is, and "
                "makes NaN of None beside texts; replace it by NaN, whichever rows come together"
            )


def refuse_objects_of_na(values: Sequence[Any], form: Form, width: int = 1) -> None:
    """Refuse pandas' NA among texts, ``width`` per row, where the model does not take it as missing.

    Raises:
        InputError: there is one; the message names its row.
    """
    if form.get("na") == "refused":
        for i, value in enumerate(values):
            if _is_na(value):
                raise _na(i // width)


def refuse_ambiguous_nulls(X: Any, metadata: Mapping[str, Any]) -> None:
    """Refuse nulls of polars that are NaN or None to scikit-learn by the columns that a step takes together.

    polars makes one array of a table.  Nulls of a boolean column are NaN in it beside columns of floats, else None;
    those of a column without a type are NaN, or None beside texts.  Also refuse nulls in a dictionary of Arrow, where
    the metadata say ``dictionary_nulls: refused``.

    Raises:
        InputError: there is one; the message names the column.
    """
    forms: Mapping[str, Form] = metadata.get("objects") or {}
    if metadata.get("dictionary_nulls") == "refused" and hasattr(X, "column_names"):
        _refuse_dictionary_nulls(X, metadata.get("input_names") or ())
    _refuse_none_in_arrays(X, forms, metadata)
    if not forms or not hasattr(X, "get_columns") or not hasattr(X, "schema"):
        return
    columns = X.get_columns()
    odd = {"Null", "Boolean"} if any(str(column.dtype).startswith("Float") for column in columns) else {"Null"}
    is_matrix = forms.keys().isdisjoint(column.name for column in columns)
    for column in columns:
        if (is_matrix or column.name in forms) and str(column.dtype) in odd and column.null_count():
            raise InputError(
                f"column {column.name!r}, row {int(column.is_null().arg_max())}: null in a column of type "
                f"{column.dtype} is None or NaN to scikit-learn, by the columns of each step; fill it, or cast it"
            )


def _refuse_dictionary_nulls(table: Any, names: Sequence[str]) -> None:
    is_matrix = set(names).isdisjoint(table.column_names)
    for name, column in zip(table.column_names, table.columns, strict=True):
        if (is_matrix or name in names) and str(column.type).startswith("dictionary<") and column.null_count:
            row = column.is_null().to_pylist().index(True)
            raise InputError(
                f"column {name!r}, row {row}: null in a dictionary of Arrow, which is another "
                "category to scikit-learn, and not missing; pass table.to_pandas()"
            )


def _refuse_none_in_arrays(X: Any, forms: Mapping[str, Form], metadata: Mapping[str, Any]) -> None:
    """Refuse None in arrays and lists of which pandas makes a table before a step reads it."""
    tabled = {name: form for name, form in forms.items() if form.get("none") == "in tables"}
    is_mapping = isinstance(X, Mapping) or (isinstance(X, (list, tuple)) and len(X) > 0 and isinstance(X[0], Mapping))
    if not tabled or hasattr(X, "iloc") or is_mapping:
        return
    array = np.asarray(X, object)
    order = list(metadata.get("feature_names") or map(str, range(array.shape[1])))
    for name, form in tabled.items():
        places = form.get("positions") or ([order.index(name)] if name in order else range(array.shape[1]))
        row = next((i for i, values in enumerate(array[:, list(places)]) if any(v is None for v in values)), None)
        if row is not None:
            raise InputError(
                f"column {name!r}, row {row}: None in an array of which pandas makes a table, in which "
                "it is NaN if there is a text beside it; replace it by NaN, or pass a table of pandas"
            )


def as_frame(values: Sequence[Any], form: Form) -> list[Any]:
    """Return a column of rows of named values as ``pandas.DataFrame`` makes it.

    None beside numbers is NaN; among booleans, objects, or alone it stays None.  Beside texts it is what the form says
    under ``null``, for that differs between pandas 2 and 3.
    """
    present = [value for value in values if not (value is None or _is_nan(value))]
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
    if not _equals(float(dtype.type(number)), value):
        raise InputError(f"row {row}: no {dtype.name} equals {value!r:.40}; round it, or encode such values as texts")
    return number


def _equals(number: float, value: Any) -> bool:
    """Return whether a float is exactly ``value``, or both are NaN; NumPy would round an integer to compare it."""
    same = number if not isinstance(value, np.floating) else type(value)(number)
    return bool(same == value or value != value)


def _rounded(value: Any, row: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InputError(f"row {row}: no float equals {value!s:.40}; encode such values as texts") from None


def _is_nan(value: Any) -> bool:
    return isinstance(value, (float, np.floating)) and value != value


def _is_na(value: Any) -> bool:
    return type(value).__name__ == "NAType"


def _na(row: int) -> InputError:
    return InputError(
        f"row {row}: pandas.NA, which the model does not take as missing; replace it by None or NaN, whichever it "
        "knows, or impute with SimpleImputer(missing_values=pandas.NA)"
    )
