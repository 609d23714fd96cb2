"""Rows of named values as the program reads them: names are read in place, not packed for transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.adapters.records import Form, check_distinct, named_values, packed, record_names
from pretzel.errors import InputError
from pretzel.kernels.marshal import first_unreadable
from pretzel.kernels.records import BadRow, read_records
from pretzel.plan.model import InputDescription

Read = Callable[[list[Any]], tuple[list[Any], int] | None]


def records_reader_of(metadata: Mapping[str, Any], inputs: Sequence[InputDescription]) -> Read | None:
    """Return a reader of rows into the columns of a program; None if the model does not take named values.

    The reader returns the columns and the number of rows, or None if rows are not of plain types;
    :func:`pretzel.adapters.records.record_columns` takes those.  It raises InputError if a name or a value is of a kind
    that the library rejects.
    """
    if metadata.get("input_style") != "records":
        return None
    ((column, fields),) = metadata["records"].items()
    form, (names, _) = Form(**fields), record_names(column)
    order = [item.name == names for item in inputs]

    def read(rows: list[Any]) -> tuple[list[Any], int] | None:
        columns = _read(column, rows, form)
        if columns is None:
            return None
        texts, values, starts = columns
        return [(texts if is_names else values, starts) for is_names in order], len(starts) - 1

    return read


def _read(column: str, rows: list[Any], form: Form) -> tuple[Any, np.ndarray, np.ndarray] | None:
    try:
        columns = read_records(
            rows, form.separator, form.pairs, form.loose, lambda name, value: named_values(name, value, form)
        )
    except BadRow as error:
        raise InputError(f"column {column!r}, row {error.row}: {error}") from None
    if columns is not None and form.distinct:
        check_distinct(column, columns[0], columns[2])
    if columns is not None and first_unreadable(columns[0]) >= 0:
        packed(column, list(columns[0]), columns[2])  # raises an error that names the item
    return columns
