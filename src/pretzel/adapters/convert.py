"""Conversion of one column to the type of a model's input, or to its wire form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.adapters.kinds import reject_long_doubles
from pretzel.adapters.objects import Form, numbers_of, reject_na, reject_none, reject_objects_of_na
from pretzel.adapters.records import list_column
from pretzel.adapters.tables import array_of, is_sparse, texts_of
from pretzel.errors import InputError
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr, Ragged, Texts

Column = np.ndarray | Texts | Csr | Ragged


def column_of(name: str, values: Any, kind: ValueType, form: Form | None = None) -> Column:
    """Return one column, converted to exactly the type that the model declares, which is that of its sample.

    ``form``: the form of a column that the model reads as objects (:mod:`pretzel.adapters.objects`).

    Raises:
        InputError: the values have another shape, are not numbers, are not integers if the model takes integers, or
            are float16, in which libraries compute some steps.
    """
    try:
        if isinstance(values, (Texts, Csr, Ragged)):
            return values
        if is_sparse(values):
            return _from_sparse(values, kind)
        if kind.layout == "ragged":
            return list_column(name, values)
        if form is not None:
            reject_na(values, form, is_text=kind.is_text)
            reject_none(values, form)
        return _text(values, kind, form) if kind.is_text else _number(array_of(values, number=True), kind, form)
    except InputError as error:
        raise InputError(f"column {name!r}: {error}") from None


def typed_columns(columns: Mapping[str, Any]) -> dict[str, Column]:
    """Return columns in their wire form, without conversion of types.

    Raises:
        InputError: a column holds neither numbers nor texts.
    """
    return {name: _as_given(name, values) for name, values in columns.items()}


def as_texts(values: Any) -> Any:
    """Return a column of categories with integers as decimal texts, as libraries hash them."""
    if isinstance(values, Texts) or _type_name(values).startswith(("str", "<u", "large_string")):
        return values
    array = array_of(values, number=False)
    array = array if isinstance(array, np.ndarray) else as_array(array, object)
    if array.dtype.kind in "iu":
        return np.array(list(map(str, array.ravel().tolist())), object).reshape(array.shape)
    return np.array([_digits(value) for value in array.ravel().tolist()], object).reshape(array.shape)


def as_array(values: Any, dtype: type | None = None) -> np.ndarray:
    """Return values as an array.

    Raises:
        InputError: NumPy cannot convert them.
    """
    try:
        return np.asarray(values, dtype)
    except (ValueError, TypeError) as error:
        raise InputError(f"cannot convert {type(values).__name__} to an array ({error})") from None


def numbers_as_array(name: str, values: Any) -> np.ndarray:
    """Return a column of numbers as an array.

    Raises:
        InputError: NumPy cannot convert it; the message names the column.
    """
    try:
        return as_array(array_of(values, number=True))
    except InputError as error:
        raise InputError(f"column {name!r}: {error}") from None


def _type_name(values: Any) -> str:
    """Return a column's type name in its library: ``str``, ``string``, ``String`` and the like hold only texts."""
    return str(getattr(values, "dtype", getattr(values, "type", ""))).lower()


def _digits(value: Any) -> Any:
    return str(int(value)) if isinstance(value, (int, np.integer, np.bool_)) else value


def _as_given(name: str, values: Any) -> Column:
    if isinstance(values, (Texts, Csr, Ragged)):
        return values
    if is_sparse(values):
        return Csr(values.tocsr().data, values.tocsr().indices, values.tocsr().indptr, values.shape[1])
    array = np.asarray(array_of(values, number=False))
    if array.dtype.kind in "UO":
        return column_of(name, array, ValueType("str", array.shape[1] if array.ndim == 2 else None))
    return array


def _from_sparse(matrix: Any, kind: ValueType) -> Column:
    _check_shape(matrix.shape, kind)
    if kind.layout != "sparse":
        return _cast(matrix.toarray(), kind)
    csr = matrix.tocsr()
    data = _cast(np.asarray(csr.data), kind)
    return Csr(data, csr.indices.astype(np.int32), csr.indptr.astype(np.int64), kind.columns)


def _text(values: Any, kind: ValueType, form: Form | None = None) -> Texts:
    if kind.width is None and getattr(values, "ndim", 1) == 1:
        texts = texts_of(values)
        return texts if isinstance(texts, Texts) else _texts_of(texts, None, form)
    array = _shaped(as_array(array_of(values, number=False), object), kind)
    return _texts_of(array.ravel().tolist(), kind.width, form)


def _texts_of(values: list[Any], width: int | None, form: Form | None) -> Texts:
    try:
        return Texts.of(values, width)
    except InputError:  # pandas' NA counts as NaN here; other values raise again
        reject_objects_of_na(values, form or {}, width or 1)
        return Texts.of([float("nan") if type(value).__name__ == "NAType" else value for value in values], width)


def _number(values: Any, kind: ValueType, form: Form | None = None) -> Column:
    array = _shaped(as_array(values), kind)
    as_objects = form is not None and array.dtype == object and kind.numpy.kind == "f"
    array = numbers_of(array, kind.numpy, form) if form is not None and as_objects else _cast(array, kind)
    return Csr.of(array) if kind.layout == "sparse" else array


def _shaped(array: np.ndarray, kind: ValueType) -> np.ndarray:
    if kind.width is None and array.ndim == 2 and array.shape[1] == 1:
        return array.ravel()
    _check_shape(array.shape, kind)
    return array


def _check_shape(shape: tuple[int, ...], kind: ValueType) -> None:
    if kind.width is None and len(shape) != 1:
        shown = "one value; put it in a list" if not shape else f"an array of shape {shape}"
        raise InputError(f"expected one value per row, got {shown}")
    if kind.width is not None and len(shape) != 2:
        raise InputError(
            f"expected rows of {kind.width} features, got an array of shape {shape}; "
            "reshape(1, -1) makes it one row, reshape(-1, 1) one column"
        )
    if kind.width is not None and shape[1] != kind.width:
        raise InputError(f"expected {kind.width} features per row, got {shape[1]}")


def _cast(array: np.ndarray, kind: ValueType) -> np.ndarray:
    target = kind.numpy
    if array.dtype == target:
        return array
    if array.dtype.kind not in "biufO":
        raise InputError(f"expected numbers, got {array.dtype}; convert them first")
    if array.dtype == np.float16:
        raise InputError("got float16, in which some steps of the libraries compute; convert it to float32 first")
    reject_long_doubles(array)
    try:
        with np.errstate(invalid="ignore"):
            cast = array.astype(target)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"expected {kind}: {error}") from None
    if target.kind != "f" and not np.can_cast(array.dtype, target, "safe") and (cast != array).any():
        row = int(np.argwhere(cast != array)[0][0])
        raise InputError(f"row {row}: {array[row]!r} is not a valid {target.name}")
    return cast
