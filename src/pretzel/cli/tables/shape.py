"""Assemble columns in the form that a model takes: a table, a matrix, or documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from pretzel.adapters.iso import has_offset
from pretzel.cli.tables.batch import Batch
from pretzel.cli.tables.cells import Categories, Dates
from pretzel.cli.tables.header import listed, refused, wrong_width
from pretzel.cli.tables.reads import Reads
from pretzel.errors import InputError, UnsupportedError


def chosen(names: Sequence[str], reads: Reads, columns: Sequence[str]) -> list[str]:
    """Return the columns of a table to pass to a model, in its order.

    Args:
        names: the columns of the table.
        reads: the columns that the model reads.
        columns: the user's selection; empty for all.

    Raises:
        InputError: the table lacks columns, or has another number than the model takes.
    """
    lacking = [name for name in columns if name not in names]
    if lacking:
        raise refused(f"column {listed(lacking)} does not exist", f"the columns are {listed(names)}")
    selected = list(columns) or list(names)
    if reads.style == "records":
        return selected
    if reads.style in ("texts", "lists"):
        return _one(selected)
    if reads.names or reads.kinds is not None:
        return _by_name(selected, reads)
    if reads.width is not None and len(selected) != reads.width:
        raise wrong_width(selected, reads)
    return selected


def _one(selected: list[str]) -> list[str]:
    if len(selected) != 1:
        raise refused(
            f"the model takes one column, and the file has {len(selected)}: {listed(selected)}",
            "select it with --column NAME",
        )
    return selected


def _by_name(selected: list[str], reads: Reads) -> list[str]:
    by_name = {reads.known(name): name for name in selected} | {name: name for name in selected}
    lacking = [name for name in reads.needed if name not in by_name]
    if lacking:
        plural, verb = ("s", "are") if len(lacking) > 1 else ("", "is")
        raise InputError(f"column{plural} {listed(lacking)} {verb} missing; the file has {listed(selected)}")
    return [by_name[name] for name in reads.needed]


def shaped(values: Mapping[str, Any], reads: Reads, batch: Batch) -> Batch:
    """Return the batch with columns in the form that the model takes.

    Raises:
        InputError: a document is missing.
    """
    batch.columns = values
    if reads.style == "positions" and not reads.whole_file:
        values = {str(place): column for place, column in enumerate(values.values())}
    values = {name: _typed(column, reads.whole.get(name, reads.whole.get(""))) for name, column in values.items()}
    if reads.style == "positions" and not reads.whole_file:
        batch.X = values
    elif reads.style == "frame":
        batch.X = _data_frame(values, batch.label) if reads.whole_file else dict(values)
    elif reads.style == "texts":
        batch.X = _documents(values, batch)
    else:
        batch.X = _matrix(list(values.values()), reads)
    return batch


def _typed(values: Any, dtype: np.dtype | None) -> Any:
    """Return whole numbers in the model's integer type, if it represents them exactly."""
    if dtype is None or not isinstance(values, np.ndarray) or values.dtype.kind not in "iu":
        return values
    typed = values.astype(dtype)
    return typed if (typed == values).all() else values


def _data_frame(values: Mapping[str, Any], label: str) -> Any:
    pandas = library("pandas", label)
    return pandas.DataFrame({name: _of_pandas(column, pandas) for name, column in values.items()})


def _of_pandas(column: Any, pandas: Any) -> Any:
    if isinstance(column, Dates):
        with_offset = any(has_offset(cell) for cell in column if isinstance(cell, str))
        return pandas.to_datetime(pandas.Series([*column]), format="ISO8601", utc=with_offset or None)
    return pandas.Categorical(column) if isinstance(column, Categories) else column


def _documents(columns: Mapping[str, Any], batch: Batch) -> list[str]:
    ((name, values),) = columns.items()
    for value, line in zip(values, batch.lines, strict=True):
        if not isinstance(value, str):
            shown = "is missing" if value is None or value != value else f"is {value!r:.40}, not text"
            raise refused(
                f"{batch.unit} {line}, column {name!r}: the document {shown}",
                "use --no-na if no cell means missing, or omit the row",
            )
    return list(values)


def _matrix(columns: list[Any], reads: Reads) -> Any:
    if reads.width is None and len(columns) == 1 and not reads.whole_file:
        return columns[0]
    if all(isinstance(column, np.ndarray) and column.dtype != object for column in columns):
        return np.column_stack(columns)
    whole = np.empty((len(columns[0]), len(columns)), object)
    for i, column in enumerate(columns):
        whole[:, i] = column
    return whole


def library(name: str, label: str) -> Any:
    """Import a library that only some files need.

    Raises:
        UnsupportedError: it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError:
        package = name.partition(".")[0]
        raise UnsupportedError(f"{label}: reading it needs {package}; pip install {package}") from None
