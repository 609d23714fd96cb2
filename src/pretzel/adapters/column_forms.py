"""Columns of types with which pandas or polars compute by rules of their own, so that a step answers otherwise.

A comparison with NA is NA, and false with NaN; `map` finds no boolean among numbers; polars takes NaN for the largest
number.  ``rejected_types`` in the metadata lists them for each input, by these names:

``bool``        booleans
``none``        objects that contain None; for texts, objects with any missing value
``masked``      nullable types of pandas (``Float64``, ``boolean``, ``string``)
``arrow``       pandas types of Arrow (``double[pyarrow]``)
``arrow_whole`` the same of integers, which stay integers where a fraction is filled in
``narrow``      integers of less than 64 bits or without a sign, whose sums and differences wrap around
``polars``      a column of a polars table
``category``    a type of categories
``flags``       a type of categories that are booleans
``mixed``       objects with both booleans and other numbers
``..._missing`` the same, only with missing values
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.errors import InputError

MISSING = "_missing"
REMEDIES = {
    "bool": "convert it: astype(int)",
    "none": "replace None by NaN in a column of one type",
    "masked": "convert it: astype(float), or astype('str') for texts",
    "arrow": "convert it: astype(float), astype('str') for texts, or astype('datetime64[us]') for dates",
    "arrow_whole": "convert it: astype(float)",
    "narrow": "convert it: astype('int64')",
    "polars": "pass a pandas table: X.to_pandas()",
    "category": "convert it: astype('str')",
    "flags": "convert it: astype(bool)",
    "mixed": "convert it: astype(float)",
}


def reject_forms(columns: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Reject columns of a type for which a step returns other values than for plain numbers or texts.

    Raises:
        InputError: a column has such a type; the message names both.
    """
    for name, refused in (metadata.get("rejected_types") or {}).items():
        for label, column in _columns_of(name, columns[name]) if name in columns else ():
            found = [form for form in forms_of(column) if form in refused]
            found += [form for form in forms_of(column) if form + MISSING in refused and _has_missing(column)]
            if found:
                kind = getattr(column, "dtype", None) or type(column).__name__
                missing = " with missing values" if found[0] not in refused or found[0] == "none" else ""
                raise InputError(
                    f"column {label!r}: {kind}{missing}, for which a step of the library returns other values than "
                    f"for plain numbers or texts; {REMEDIES[found[0]]}"
                )


def forms_of(values: Any) -> tuple[str, ...]:
    """Return the forms of a column; none for plain arrays of numbers and texts, dates and categories."""
    dtype = getattr(values, "dtype", None)
    if dtype is None:
        return _forms_of_list(values) if isinstance(values, (list, tuple)) else ()
    if isinstance(dtype, np.dtype):
        if dtype.kind == "O":
            listed = np.asarray(values).ravel().tolist()
            return (*(["none"] if _holds_none(listed) else []), *(["mixed"] if _is_mixed(listed) else []))
        return ("bool",) if dtype.kind == "b" else _narrow(dtype)
    if hasattr(dtype, "categories"):
        flags = hasattr(values, "isna") and _are_flags(dtype.categories)  # those of polars are always texts
        return ("category", "flags") if flags else ("category",)
    beside = ("bool",) if str(dtype).lower().startswith("bool") else ()
    if type(values).__module__.partition(".")[0] == "polars":
        return ("polars", *beside)
    if type(dtype).__name__ == "ArrowDtype":
        return ("arrow", *beside, *(["arrow_whole"] if dtype.kind in "iu" else []))
    is_masked = type(getattr(dtype, "na_value", None)).__name__ == "NAType"
    return ("masked", *beside, *_narrow(getattr(dtype, "numpy_dtype", None))) if is_masked else ()


def _narrow(dtype: Any) -> tuple[str, ...]:
    is_narrow = dtype is not None and (dtype.kind == "u" or (dtype.kind == "i" and dtype.itemsize < 8))
    return ("narrow",) if is_narrow else ()


def _columns_of(name: str, values: Any) -> Iterator[tuple[str, Any]]:
    """Yield the columns of a table that a model reads as one matrix, or the one column."""
    if hasattr(values, "iloc") and getattr(values, "ndim", 1) == 2:
        yield from ((str(values.columns[i]), values.iloc[:, i]) for i in range(values.shape[1]))
    else:
        yield name, values


def _forms_of_list(values: Any) -> tuple[str, ...]:
    """Return the forms of the column that pandas makes of a list: booleans, or objects of booleans and None."""
    kinds = {type(value) for value in values}
    if not kinds & {bool, np.bool_}:
        return ()
    if type(None) in kinds:
        return ("none",)
    return ("bool",) if kinds <= {bool, np.bool_} else ("mixed",) if _is_mixed(values) else ()


def _holds_none(listed: Sequence[Any]) -> bool:
    """Return whether objects hold None, or are texts of which any is missing."""
    with_texts = any(isinstance(value, str) for value in listed)
    return any(value is None or (with_texts and not isinstance(value, (str, bytes))) for value in listed)


def _is_mixed(listed: Sequence[Any]) -> bool:
    """Return whether objects hold booleans and other numbers."""
    return len({isinstance(value, (bool, np.bool_)) for value in listed if _is_number(value)}) > 1


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, np.number, np.bool_)) and value == value


def _are_flags(categories: Any) -> bool:
    return len(categories) > 0 and all(isinstance(value, (bool, np.bool_)) for value in np.asarray(categories).tolist())


def _has_missing(values: Any) -> bool:
    if forms_of(values)[0] == "polars":
        return bool(values.null_count() or (values.dtype.is_float() and values.is_nan().any()))
    return bool(np.any(np.asarray(values.isna()))) if hasattr(values, "isna") else False
