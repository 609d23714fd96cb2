"""Columns of Python objects, for models that distinguish objects which NumPy converts to one number or text.

An encoder distinguishes None from NaN, and 1 from ``"1"``; pandas' NA is neither None nor NaN.  The metadata of a
model list these inputs under ``objects``, each with a dictionary, its form.  All keys of a form are optional:

``positions``  of a matrix: the columns that are read as objects; all if absent.
``null``       of texts: the missing value, ``nan`` or ``none``, for None in a row of named values.
``missing``    ``none``: the model knows None as a missing value, and not NaN.  null in JSON is this value.
``objects``    ``refused``: the model returns the column, and the library would return objects.
``na``         ``refused``: the model does not take NA as missing.
``none``       where pandas converts None to NaN.  ``beside texts``: in columns that also hold other values.
               ``in tables``: in tables that pandas creates from arrays, not in tables that the caller passes.
``takes_objects``  the library converts the column to objects, in which NA of extension types stays NA.
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
    """Return an array of objects as floats; None becomes the NaN that represents it.

    Raises:
        InputError: a value is not a number, or ``dtype`` cannot represent it; the message names its row.
    """
    if form.get("objects") == "refused":
        raise InputError(f"row 0: objects, such as {array.flat[0]!r:.40}, which the library would return; convert them")
    if array.ndim == 1:
        return np.array([_number(value, dtype, form, row) for row, value in enumerate(array.tolist())], dtype)
    strict = set(form.get("positions", range(array.shape[1])))
    out = np.empty(array.shape, dtype)
    for column in range(array.shape[1]):
        values = array[:, column]
        out[:, column] = numbers_of(values, dtype, form) if column in strict else values.astype(dtype)
    return out


def reject_na(values: Any, form: Form, *, is_text: bool) -> None:
    """Reject NA in a column of a pandas extension type, if the library reads it as an object that is not missing.

    Raises:
        InputError: the column has an NA; the message names its row.
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


def reject_none(values: Any, form: Form) -> None:
    """Reject a column of texts whose values are all None, if the library reads None among texts as NaN.

    Raises:
        InputError: all values of a column are None.
    """
    if form.get("none") != "beside texts" or not len(values):
        return
    columns = np.asarray(values, object).T if getattr(values, "ndim", 1) == 2 else [values]
    for column in columns:
        if all(value is None for value in column):
            raise InputError(
                "row 0: all values are None: pandas keeps None in such a column, but "
                "converts None among texts to NaN; replace it by NaN in all requests"
            )


def reject_objects_of_na(values: Sequence[Any], form: Form, width: int = 1) -> None:
    """Reject pandas' NA among texts, ``width`` per row, if the model does not take it as missing.

    Raises:
        InputError: the values contain an NA; the message names its row.
    """
    if form.get("na") == "refused":
        for i, value in enumerate(values):
            if _is_na(value):
                raise _na(i // width)


def reject_ambiguous_nulls(X: Any, metadata: Mapping[str, Any]) -> None:
    """Reject polars nulls that become NaN or None in scikit-learn, depending on the other columns of a step.

    polars converts a table to one array.  Nulls of a boolean column become NaN if a column holds floats, otherwise
    None; those of a column without a type become NaN, or None if a column holds texts.  Also reject nulls in an Arrow
    dictionary, if the metadata contain ``dictionary_nulls: refused``.

    Raises:
        InputError: a column has such a null; the message names the column.
    """
    forms: Mapping[str, Form] = metadata.get("objects") or {}
    if metadata.get("dictionary_nulls") == "refused" and hasattr(type(X), "column_names"):
        _reject_dictionary_nulls(X, metadata.get("input_names") or ())
    _reject_none_in_arrays(X, forms, metadata)
    if not forms or not hasattr(type(X), "get_columns") or not hasattr(X, "schema"):
        return
    columns = X.get_columns()
    odd = {"Null", "Boolean"} if any(str(column.dtype).startswith("Float") for column in columns) else {"Null"}
    is_matrix = forms.keys().isdisjoint(column.name for column in columns)
    for column in columns:
        if (is_matrix or column.name in forms) and str(column.dtype) in odd and column.null_count():
            raise InputError(
                f"column {column.name!r}, row {int(column.is_null().arg_max())}: null in a column of type "
                f"{column.dtype} becomes None or NaN, by the other columns of a step; fill it, or cast it"
            )


def _reject_dictionary_nulls(table: Any, names: Sequence[str]) -> None:
    is_matrix = set(names).isdisjoint(table.column_names)
    for name, column in zip(table.column_names, table.columns, strict=True):
        if (is_matrix or name in names) and str(column.type).startswith("dictionary<") and column.null_count:
            row = column.is_null().to_pylist().index(True)
            raise InputError(
                f"column {name!r}, row {row}: null in an Arrow dictionary, which scikit-learn "
                "reads as a category, not as missing; pass table.to_pandas()"
            )


def _reject_none_in_arrays(X: Any, forms: Mapping[str, Form], metadata: Mapping[str, Any]) -> None:
    """Reject None in arrays and lists that pandas converts to a table before a step reads them."""
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
                f"column {name!r}, row {row}: None in an array that pandas converts to a table, in which "
                "it becomes NaN if the column has a text; replace it by NaN, or pass a pandas table"
            )


def as_frame(values: Sequence[Any], form: Form) -> list[Any]:
    """Return a column of rows of named values as ``pandas.DataFrame`` converts it.

    None among numbers becomes NaN; among booleans or objects, or in a column of only None, it stays None.  Among texts
    it becomes the ``null`` of the form, because pandas 2 and 3 differ.
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
        f"row {row}: pandas.NA, which the model does not take as missing; replace it by None or NaN, as in training, "
        "or impute with SimpleImputer(missing_values=pandas.NA)"
    )
