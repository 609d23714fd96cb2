"""Rejections of column types and values that the library rejects, or reads in types of its own.

Selectors and passthroughs keep an array of objects, so that the library returns the text ``'1.5'`` where a model of
numbers returns 1.5.  A NumPy function of objects asks each of them for a method of its name, and raises.  Imputers
raise for booleans.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from pretzel.adapters.column_forms import reject_forms
from pretzel.adapters.convert import as_array
from pretzel.adapters.tables import array_of, array_type, columns_in_order, dtypes_of, is_sparse
from pretzel.errors import InputError

REMEDY = "convert it: astype(float)"


def reject_unlike(columns: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Reject columns that the library returns, rejects or compares in types of their own.

    Raises:
        InputError: a column is of such a type, or holds such values; the message names it.
    """
    reject_forms(columns, metadata)
    reject_kept(columns, metadata)
    reject_texts(columns, metadata)
    reject_booleans(columns, metadata)
    reject_missing(columns, metadata)
    reject_rounded(columns, metadata)


def reject_kept(columns: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Reject objects other than numbers in columns that the library would return unchanged.

    ``kept`` in the metadata lists these columns: for each input the positions in it, or None for all.

    Raises:
        InputError: a column holds a text or another such object; the message names it.
    """
    for name, positions in (metadata.get("kept") or {}).items():
        values = columns[name]
        for label, column in _columns_at(name, _as_objects(values) if isinstance(values, list) else values, positions):
            if not _may_hold_objects(column):
                continue
            for row, value in enumerate(np.asarray(array_of(column, number=False)).tolist()):
                if not isinstance(value, (Real, np.number, np.bool_)):
                    reason = f"{value!r:.40} is not a number, and the library would return it unchanged"
                    raise InputError(f"column {label!r}, row {row}: {reason}; {REMEDY}")


def reject_texts(columns: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Reject texts in columns of numbers that a function of the model reads: it would join them, or raise an error.

    ``traced`` in the metadata lists these columns: for each input the positions in it, or None for all.

    Raises:
        InputError: a column holds a text; the message names it.
    """
    for name, positions in (metadata.get("traced") or {}).items():
        for label, column in _columns_at(name, columns[name], positions):
            if not _may_hold_objects(column):
                continue
            for row, value in enumerate(np.asarray(array_of(column, number=False)).tolist()):
                if isinstance(value, (str, bytes)):
                    reason = f"{value!r:.40} is a text, and a function of the model computes with numbers"
                    raise InputError(f"column {label!r}, row {row}: {reason}; {REMEDY}")


def reject_objects(name: str, values: Any, metadata: Mapping[str, Any]) -> None:
    """Reject a column of objects that a NumPy function reads unconverted (``functions`` in the metadata).

    Raises:
        InputError: it holds objects; the message names it.
    """
    for function, positions, kinds, *by_column in (metadata.get("functions") or {}).get(name) or ():
        for label, column in _columns_at(name, values, positions) if kinds and by_column == [True] else ():
            if _may_hold_objects(column):
                reason = f"{function} cannot compute with objects of type {column.dtype}"
                raise InputError(f"column {label!r}: {reason}; {REMEDY}")


def reject_booleans(columns: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Reject columns of booleans alone, if a step of the library does; ``without_booleans`` lists its columns.

    Raises:
        InputError: all columns of a step hold booleans; the message names them.
    """
    for group in metadata.get("without_booleans") or ():
        kinds = [kind for name, positions in group for kind in _types_at(columns[name], positions)]
        if kinds and all(isinstance(kind, np.dtype) and kind.kind == "b" for kind in kinds):
            names = ", ".join(sorted({repr(name) for name, _ in group})[:8])
            raise InputError(f"column {names}: an imputer of the library rejects booleans; {REMEDY}")


def reject_missing(columns: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Reject pandas' NA in columns that a `ColumnTransformer` passes into an array (``without_na`` in the metadata).

    Raises:
        InputError: a column of an extension type has an NA; the message names it.
    """
    for name in metadata.get("without_na") or ():
        column = columns[name]
        missing = getattr(getattr(column, "dtype", None), "na_value", None)
        if type(missing).__name__ == "NAType" and np.any(found := np.asarray(column.isna())):
            reason = f"pandas.NA in a column of type {column.dtype}, which the library does not pass into an array"
            raise InputError(f"column {name!r}, row {int(found.argmax())}: {reason}; convert it: astype(float)")


def reject_rounded(columns: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Reject numbers that no float32 equals, if an encoder of float32 compares them with its categories.

    ``compared`` in the metadata lists these columns: for each input the positions in it, or None for all.

    Raises:
        InputError: a column holds such a number; the message names it.
    """
    for name, positions in (metadata.get("compared") or {}).items():
        for label, column in _columns_at(name, columns[name], positions, of_numbers=True):
            wide = np.asarray(array_of(column, number=True))
            if wide.dtype != np.float64:
                continue
            differs = (wide.astype(np.float32) != wide) & ~np.isnan(wide)
            if differs.any():
                row = int(differs.argmax())
                reason = f"no float32 equals {wide[row]}, and an encoder compares it with categories of float32"
                raise InputError(f"column {label!r}, row {row}: {reason}; convert it: astype('float32')")


def _types_at(values: Any, positions: Sequence[int] | None) -> list[Any]:
    """Return the types of an array, or of the columns of a table at these positions."""
    if hasattr(type(values), "dtypes") and getattr(values, "ndim", 1) == 2 and hasattr(values, "columns"):
        types = dtypes_of(values)
        return types if positions is None else [types[i] for i in positions]
    return [values.dtype if hasattr(values, "dtype") else array_type(values)]


def _columns_at(
    name: str, values: Any, positions: Sequence[int] | None, *, of_numbers: bool = False
) -> Iterator[tuple[str, Any]]:
    """Yield the columns of an input at these positions; a list has none, because NumPy makes numbers of it."""
    if is_sparse(values) or not (hasattr(values, "dtype") or hasattr(values, "columns")):
        return
    if getattr(values, "ndim", 1) == 1:
        yield name, values
    elif hasattr(values, "columns"):
        columns = columns_in_order(values) or ()
        for i in range(len(columns)) if positions is None else positions:
            yield str(values.columns[i]), columns[i]
    elif values.ndim == 2 and (of_numbers or _may_hold_objects(values)):
        for i in range(values.shape[1]) if positions is None else positions:
            yield f"{name}[{i}]", values[:, i]


def _as_objects(rows: list[Any]) -> Any:
    """Return rows as an array of objects, if the library would; other lists as they are."""
    array = as_array(rows, object)
    is_kept = array.ndim == 2 and any(not isinstance(value, (Real, str)) for value in array.flat)
    return array if is_kept else rows


def _may_hold_objects(column: Any) -> bool:
    """Return whether a column is of a type that holds texts, categories or any objects."""
    if isinstance(column.dtype, np.dtype):
        return bool(column.dtype.kind in "OU")
    return str(column.dtype).lower().startswith(("str", "object", "cat", "enum", "large_string"))
