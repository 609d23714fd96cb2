"""CSV with a header line, read by the types of the model's columns.  An empty field is a missing value."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
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
_WHOLE = re.compile(r"[ \t]*[+-]?\d+[ \t]*", re.ASCII)
_WRITTEN_OUT = re.compile(r"0|-?[1-9]\d*", re.ASCII)
"""Integers whose text is the category that they are."""
_KINDS = {"bool": "a boolean", "int": "an integer"}


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
    for at, sampled in _categories(header, metadata).items():
        columns[at] = _as_categories(columns[at], sampled, header[at])
    return from_split(header, list(map(list, zip(*columns, strict=True))), signature, metadata)


def _categories(header: list[str], metadata: Mapping[str, Any]) -> dict[int, str]:
    """Return the places of categories that a library writes as texts, with their kind in the sample, or ``""``."""
    names = metadata.get("integers_as_text") or ()
    by_name = metadata.get("input_style") != "positions"
    known = [known_as(name, names, metadata) if by_name else str(at) for at, name in enumerate(header)]
    held = metadata.get("categories_read") or {}
    return {at: held.get(name, "") for at, name in enumerate(known) if name in names}


def _as_categories(fields: Sequence[Any], sampled: str, name: str) -> list[Any]:
    """Return texts as the booleans or integers that they were in the sample of the model.

    CatBoost writes True as ``1`` and 01234 as ``1234``, which are other categories than the texts.

    Raises:
        InputError: they may be either, and the sample had neither.
    """
    if any(field != field for field in fields) or sampled == "str":  # a missing category is rejected later
        return list(fields)
    if all(field.lower() in _WORDS for field in fields):
        kind = "bool"
    elif all(map(_WHOLE.fullmatch, fields)) and not all(map(_WRITTEN_OUT.fullmatch, fields)):
        kind = "int"
    else:
        return list(fields)
    if kind != sampled:
        at = next(i for i, field in enumerate(fields) if not _WRITTEN_OUT.fullmatch(field))
        problem = f"{fields[at][:40]!r} may be {_KINDS[kind]} or a text, which are different categories"
        raise wrong(name, f"row {at}: column {quoted(name)}: {problem}; send JSON")
    return [_BOOLEANS[field.lower()] if kind == "bool" else int(field) for field in fields]


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
    present = {field.lower() for field in fields if field not in _MISSING}
    if kind.is_float and present and present <= _WORDS:
        return [math.nan if field in _MISSING else _BOOLEANS[field.lower()] for field in fields]
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
