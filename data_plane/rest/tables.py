"""Rows of JSON to X as the library takes it: lists, a table of columns, or documents.

Rows of a model that was fitted on a table become a table, also if they are arrays.

A number of JSON has no type: in a column of floats, 1 is 1.0, as encoders of other languages write it.  null is a
missing value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.adapters.columns import known_as
from pretzel.adapters.inputs import NO_ROWS, style_of
from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.data_plane.oip.signature import Signature
from pretzel.data_plane.rest.json_text import INFINITIES, kind_of
from pretzel.data_plane.rest.nulls import known_missing, known_missing_rows
from pretzel.errors import InputError
from pretzel.plan.model import InputDescription
from pretzel.plan.types import ValueType

Metadata = Mapping[str, Any]
_EXACT = 2**53
"""Integers up to this are floats exactly."""
_ROWS_OF_OTHERS = {
    "records": "an object, in `rows`, `instances` or `dataframe_records`",
    "lists": "an array of texts, in `rows` or `instances`",
}
"""Rows of models that take no table, by the style of their inputs."""


def from_rows(rows: Any, signature: Signature, metadata: Metadata) -> Any:
    """Return X of a list with one item per row: an object, an array, or a text.

    Raises:
        InputError: it is not such a list.
    """
    if not isinstance(rows, list):
        raise InputError(f"rows: expected an array with one item per row, got {kind_of(rows)}")
    if not rows:
        raise InputError(NO_ROWS)
    style = _style(signature, metadata)
    if style == "lists" and any(isinstance(row, dict) for row in rows):
        raise InputError(f"rows: the model was not trained on a table; send each row as {_ROWS_OF_OTHERS[style]}")
    if style in ("records", "lists"):
        return rows
    if all(isinstance(row, dict) for row in rows):
        return from_columns(_turned(rows), signature, metadata)
    if any(isinstance(row, dict) for row in rows):
        raise InputError("rows: some are objects and others are not; send all in one form")
    if style == "texts":
        return _documents(rows)
    names = metadata.get("feature_names") or ()
    if style == "frame" and all(isinstance(row, list) and len(row) == len(names) for row in rows):
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))  # null is missing, as in objects
        return from_columns(columns, signature, metadata)
    return _array(rows, signature, metadata)


def from_columns(columns: Any, signature: Signature, metadata: Metadata, *, ordered: bool = False) -> Any:
    """Return X of an object with one list per column; ``ordered`` if the client gave the columns an order.

    Raises:
        InputError: it is not such an object, or the model knows no names of columns.
    """
    if not isinstance(columns, dict):
        raise InputError(f"columns: expected an object with an array per column, got {kind_of(columns)}")
    for name, values in columns.items():
        if not isinstance(values, list | np.ndarray):
            raise wrong(name, f"column {quoted(name)}: expected an array, got {kind_of(values)}")
    _check_lengths(columns)
    style = _style(signature, metadata)
    if style in _ROWS_OF_OTHERS:
        raise InputError(f"columns: the model was not trained on a table; send each row as {_ROWS_OF_OTHERS[style]}")
    if style == "texts":
        if len(columns) == 1:
            return _documents(next(iter(columns.values())))
        raise InputError(f"columns: expected one column of documents, got {len(columns)}")
    if style in ("matrix", "positions") and not metadata.get("feature_names"):
        return _positioned(columns, signature, metadata, ordered=ordered)
    order = list(metadata.get("feature_names") or metadata.get("order_names") or ())
    named = {name: columns[name] for name in order if name in columns} | columns  # objects of JSON have no order
    kinds, forms = _kinds(signature, metadata), metadata.get("objects") or {}
    return {
        name: known_missing(_column(values, kinds.get(known)), forms.get(known))
        for name, values in named.items()
        for known in [known_as(name, kinds.keys() | forms.keys(), metadata)]
    }


def _check_lengths(columns: Mapping[str, Any]) -> None:
    lengths = {name: len(values) for name, values in columns.items()}
    first = next(iter(lengths), "")
    for name, length in lengths.items():
        if length != lengths[first]:
            raise wrong(name, f"column {quoted(name)}: {length} rows, but {quoted(first)} has {lengths[first]}")


def from_split(columns: Any, data: Any, signature: Signature, metadata: Metadata) -> Any:
    """Return X of the names of columns, which may be integers, and a list of rows.

    Raises:
        InputError: a row has another number of values.
    """
    if columns is None:
        return from_rows(data, signature, metadata)
    if not isinstance(columns, list) or not all(type(name) in (str, int) for name in columns):
        raise InputError("columns: expected an array of names, which are texts or integers")
    columns = list(map(str, columns))  # pandas numbers columns without names
    if len(set(columns)) < len(columns):
        raise InputError(f"columns: {quoted(next(n for n in columns if columns.count(n) > 1))} is given twice")
    if not isinstance(data, list):
        raise InputError(f"data: expected an array of rows, got {kind_of(data)}")
    for i, row in enumerate(data):
        if not isinstance(row, list) or len(row) != len(columns):
            got = f"{len(row)} values" if isinstance(row, list) else kind_of(row)
            raise InputError(f"data, row {i}: expected {len(columns)} values, got {got}")
    turned = [list(column) for column in zip(*data, strict=True)] if data else [[] for _ in columns]
    return from_columns(dict(zip(columns, turned, strict=True)), signature, metadata, ordered=True)


def _style(signature: Signature, metadata: Metadata) -> str:
    inputs = [InputDescription(spec.name, spec.type) for spec in signature.inputs.values()]
    return style_of(inputs, metadata)


def _turned(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return the columns of rows, all of which must have the same."""
    names = rows[0].keys()
    for i, row in enumerate(rows):
        if row.keys() != names:
            odd = min(row.keys() ^ names)
            raise wrong(
                odd, f"row {i}: column {quoted(odd)} is in some rows, but not in others; null is a missing value"
            )
    return {name: [row[name] for row in rows] for name in names}


def _positioned(columns: Mapping[str, Any], signature: Signature, metadata: Metadata, *, ordered: bool) -> Any:
    """Return the rows of a model without names of columns: they are 0, 1, ..., or count by their order."""
    names = [column.name for column in signature.columns]
    if ordered and {*columns} != {*names}:
        names = list(columns)
    if {*columns} != {*names}:
        raise InputError(
            f"model {quoted(signature.model)} was trained on an array, whose columns have no names: send each row as "
            f"an array of {len(names)} values, or name the columns 0 to {len(names) - 1}"
        )
    if ordered and list(columns) != names:
        raise InputError(f"columns: expected 0 to {len(names) - 1} in this order, since the model reads by position")
    return _array(list(map(list, zip(*(columns[name] for name in names), strict=True))), signature, metadata)


def _kinds(signature: Signature, metadata: Metadata) -> dict[str, ValueType]:
    """Return the types of the columns whose numbers become floats: not where the library distinguishes integers."""
    kinds = {column.name: column.type for column in signature.columns if column.type is not None}
    kinds |= {name: spec.type for name, spec in signature.inputs.items()}
    apart = {
        *(metadata.get("integers_as_text") or ()),
        *(metadata.get("objects") or ()),
        *(metadata.get("dates") or ()),
    }
    return {name: kind for name, kind in kinds.items() if name not in apart}


def _column(values: Any, kind: ValueType | None) -> Any:
    if kind is None or not kind.is_float or isinstance(values, np.ndarray):
        return values
    floats = _floats(values)
    return (
        floats if isinstance(floats, np.ndarray) and floats.ndim == 1 else values
    )  # cells that are lists are rejected


def _array(rows: list[Any], signature: Signature, metadata: Metadata) -> Any:
    """Return rows as they are, or as floats if the model reads nothing else."""
    kinds = _kinds(signature, metadata)
    apart = metadata.get("lists") == "objects" or len(kinds) < len(signature.inputs)
    if apart or not all(spec.type.is_float for spec in signature.inputs.values()):
        forms = metadata.get("objects") or {}
        return known_missing_rows(rows, forms.get(next(iter(signature.inputs))))
    return _floats(rows)


def _floats(values: list[Any]) -> Any:
    """Return numbers as floats; anything else as it is, which the conversion to the model's type rejects."""
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError):
        return values
    if array.dtype.kind == "f":
        return array
    if array.dtype.kind in "iu":
        exact = not array.size or (array.min() >= -_EXACT and array.max() <= _EXACT)
        return array.astype(np.float64) if exact else values
    if array.dtype.kind not in "OU" or not array.size:
        return values
    return _spelled(values)


def _spelled(values: list[Any]) -> Any:
    """Return numbers of which some are missing or infinite as floats."""
    flat = np.array(values, object)
    numbers = [INFINITIES.get(value, value) if isinstance(value, str) else value for value in flat.ravel().tolist()]
    if not all(value is None or type(value) in (int, float) for value in numbers):
        return values
    floats = np.array([np.nan if value is None else value for value in numbers], np.float64)
    return floats.reshape(flat.shape)


def _documents(rows: Any) -> list[Any]:
    """Return documents, which may each be alone in an array."""
    return [row[0] if isinstance(row, list) and len(row) == 1 else row for row in rows]
