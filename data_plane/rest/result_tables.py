"""Columns of tables that a method returns, as values of JSON: dates as ISO 8601 texts, missing values as null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.adapters.iso import texts_of_ticks
from pretzel.plan.dates import DateForm, is_form
from pretzel.plan.result_tables import method_table


def typed_values(output: str, value: Any, metadata: Mapping[str, Any]) -> list[Any] | None:
    """Return the values of an output that is a column of a table, if its type is not the one that it is sent in."""
    found = method_table(output, metadata)
    dtype = found[1].types[found[2]] if found is not None else None
    if not isinstance(dtype, str) or not isinstance(value, np.ndarray):
        return None
    if is_form(dtype):
        return texts_of_ticks(value, DateForm.parse(dtype))
    if dtype == "boolean" or "Int" in dtype:
        kind = bool if dtype == "boolean" else int
        return [None if number != number else kind(number) for number in value.tolist()]
    return None


def typed_schema(dtype: Any, plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a column of a table; ``plain``: that of the output that it is sent as."""
    if isinstance(dtype, dict):
        return {"enum": [*dtype["categories"], None]}
    if not isinstance(dtype, str):
        return dict(plain)
    if is_form(dtype):
        return {"type": ["string", "null"], "format": "duration" if DateForm.parse(dtype).spans else "date-time"}
    return {"type": [_kind(dtype), "null"]}


def _kind(dtype: str) -> str:
    if dtype == "boolean":
        return "boolean"
    return "integer" if "Int" in dtype else "number" if "Float" in dtype else "string"


def as_records(columns: Mapping[str, list[Any]], metadata: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the rows of outputs, with one record per row in place of the columns of a table."""
    joined: dict[str, list[Any]] = {}
    for output, rows in columns.items():
        found = method_table(output, metadata)
        if found is None:
            joined[output] = rows
            continue
        method, table, at = found
        if table.series:
            joined[method] = rows
            continue
        records = joined.setdefault(method, [{} for _ in rows])
        for record, value in zip(records, rows, strict=True):
            record[str(table.names[at])] = value
    return joined
