"""Rows of named values as the program reads them: names where they lie, rather than packed to be sent."""

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


def reader_of(metadata: Mapping[str, Any], inputs: Sequence[InputDescription]) -> Read | None:
    """Return what reads rows as the columns of a program; None where a model takes something else than named values.

    The reader returns the columns and the number of rows, or None where rows are not of plain types, which
    :func:`pretzel.adapters.records.record_columns` takes.  It raises InputError where a name or a value is of a kind
    that the library refuses.
    """
    if metadata.get("input_style") != "records":
        return None
    ((column, fields),) = metadata["records"].items()
    form, (names, _) = Form(**fields), record_names(column)
    order = [item.name == names for item in inputs]

    def read(rows: list[Any]) -> tuple[list[Any], int] | None:
        found = _read(column, rows, form)
        if found is None:
            return None
        texts, values, starts = found
        return [(texts if is_names else values, starts) for is_names in order], len(starts) - 1

    return read


def _read(column: str, rows: list[Any], form: Form) -> tuple[Any, np.ndarray, np.ndarray] | None:
    try:
        found = read_records(
            rows, form.separator, form.pairs, form.loose, lambda name, value: named_values(name, value, form)
        )
    except BadRow as error:
        raise InputError(f"column {column!r}, row {error.row}: {error}") from None
    if found is not None and form.distinct:
        check_distinct(column, found[0], found[2])
    if found is not None and first_unreadable(found[0]) >= 0:
        packed(column, list(found[0]), found[2])  # says which
    return found
