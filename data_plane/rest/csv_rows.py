"""CSV with a header line, read by the types of the model's columns.  An empty field is a missing value."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from typing import Any

from pretzel.adapters.columns import known_as
from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.data_plane.oip.signature import Signature
from pretzel.data_plane.rest.tables import from_split
from pretzel.errors import InputError
from pretzel.plan.types import ValueType

_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_MISSING = frozenset(
    ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"]
    + ["NULL", "NaN", "None", "n/a", "nan", "null"]
)
"""Fields that ``pandas.read_csv`` takes as missing."""
_WORDS = {"true", "false"}


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
    columns = [_column([row[at] for row in data], kind, header[at]) for at, kind in enumerate(kinds)]
    return from_split(header, list(map(list, zip(*columns, strict=True))), signature, metadata)


def _kinds(header: list[str], signature: Signature, metadata: Mapping[str, Any]) -> list[ValueType | None]:
    """Return the type of each field; None for texts, dates, and columns that no step reads."""
    by_name = {column.name: column.type for column in signature.columns}
    by_name |= {name: spec.type for name, spec in signature.inputs.items() if spec.type.width is None}
    for name in metadata.get("dates") or ():
        by_name[name] = None
    if by_name.keys().isdisjoint(header) and len(signature.columns) == len(header):  # columns without names
        return [column.type for column in signature.columns]
    return [by_name.get(known_as(name, by_name, metadata)) for name in header]


def _column(fields: list[str], kind: ValueType | None, name: str) -> list[Any]:
    """Return the values of a column; pandas writes and reads booleans as words in a column that holds nothing else."""
    if kind is None or kind.is_text:
        return [math.nan if field in _MISSING else field for field in fields]
    if kind.is_float and {field.lower() for field in fields} <= _WORDS:
        return [_BOOLEANS[field.lower()] for field in fields]
    return [_number(field, kind, name, at) for at, field in enumerate(fields)]


def _number(field: str, kind: ValueType, name: str, at: int) -> Any:
    if field in _MISSING:
        return math.nan
    try:
        if kind.dtype == "bool":
            return _BOOLEANS[field.lower()]
        if "_" in field or not field.isascii():  # Python reads 1_000 and digits of other scripts, pandas does not
            raise ValueError
        return float(field) if kind.is_float else int(field)
    except (ValueError, KeyError):
        expected = "true or false" if kind.dtype == "bool" else "a number" if kind.is_float else "an integer"
        raise wrong(name, f"row {at}: column {quoted(name)}: expected {expected}, got {field[:40]!r}") from None
