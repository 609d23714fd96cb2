"""CSV with a header line, read by the types of the model's columns.  An empty field is a missing value."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from typing import Any

from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.data_plane.oip.signature import Signature
from pretzel.data_plane.rest.tables import from_split
from pretzel.errors import InputError
from pretzel.plan.types import ValueType

_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def from_csv(body: bytes, signature: Signature, metadata: Mapping[str, Any]) -> Any:
    """Return X of a CSV file.

    Raises:
        InputError: it is not CSV in UTF-8, or a field is not of its column's type.
    """
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"body: not CSV in UTF-8 ({error})") from None
    rows = [line for line in lines if line]
    if not rows:
        raise InputError("body: expected a header line with the names of the columns, got nothing")
    header, *data = rows
    kinds = _kinds(header, signature, metadata)
    for i, row in enumerate(data):
        if len(row) != len(header):
            raise InputError(f"row {i}: expected {len(header)} fields, got {len(row)}")
    return from_split(header, [_converted(row, header, kinds, i) for i, row in enumerate(data)], signature, metadata)


def _kinds(header: list[str], signature: Signature, metadata: Mapping[str, Any]) -> list[ValueType | None]:
    """Return the type of each field; None for texts, dates, and columns that no step reads."""
    by_name = {column.name: column.type for column in signature.columns}
    by_name |= {name: spec.type for name, spec in signature.inputs.items() if spec.type.width is None}
    for name in metadata.get("dates") or ():
        by_name[name] = None
    if by_name.keys().isdisjoint(header) and len(signature.columns) == len(header):  # columns without names
        return [column.type for column in signature.columns]
    return [by_name.get(name) for name in header]


def _converted(row: list[str], header: list[str], kinds: list[ValueType | None], at: int) -> list[Any]:
    return [
        (field or math.nan) if kind is None or kind.is_text else _number(field, kind, name, at)
        for field, name, kind in zip(row, header, kinds, strict=True)
    ]


def _number(field: str, kind: ValueType, name: str, at: int) -> Any:
    if not field:
        return math.nan
    try:
        if kind.dtype == "bool":
            return _BOOLEANS[field.lower()]
        return float(field) if kind.is_float else int(field)
    except (ValueError, KeyError):
        expected = "true or false" if kind.dtype == "bool" else "a number" if kind.is_float else "an integer"
        raise wrong(name, f"row {at}: column {quoted(name)}: expected {expected}, got {field[:40]!r}") from None
