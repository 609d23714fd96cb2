"""Columns by name put into the form that a model takes: a table, a matrix, or documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from pretzel.cli.tables.batch import Batch
from pretzel.cli.tables.cells import Categories
from pretzel.cli.tables.header import listed, refused, wrong_width
from pretzel.cli.tables.reads import Reads
from pretzel.errors import InputError, UnsupportedError


def chosen(names: Sequence[str], reads: Reads, wanted: Sequence[str]) -> list[str]:
    """Return which columns of a table a model is given, in the order in which it takes them.

    Args:
        names: what the table has.
        reads: what the model takes.
        wanted: what the user has chosen; empty for all.

    Raises:
        InputError: the table lacks columns, or has more or less of them than the model takes.
    """
    lacking = [name for name in wanted if name not in names]
    if lacking:
        raise refused(f"there is no column {listed(lacking)}", f"the columns are {listed(names)}")
    found = list(wanted) or list(names)
    if reads.style == "records":
        return found
    if reads.style in ("texts", "lists"):
        return _one(found)
    if reads.names or reads.kinds is not None:
        return _by_name(found, reads)
    if reads.width is not None and len(found) != reads.width:
        raise wrong_width(found, reads)
    return found


def _one(found: list[str]) -> list[str]:
    if len(found) != 1:
        raise refused(
            f"the model takes one column, and the file has {len(found)}: {listed(found)}",
            "--column NAME says which it is",
        )
    return found


def _by_name(found: list[str], reads: Reads) -> list[str]:
    known = {reads.known(name): name for name in found} | {name: name for name in found}
    lacking = [name for name in reads.needed if name not in known]
    if lacking:
        plural, verb = ("s", "are") if len(lacking) > 1 else ("", "is")
        raise InputError(f"column{plural} {listed(lacking)} {verb} missing; the file has {listed(found)}")
    return [known[name] for name in reads.needed]


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
    """Return whole numbers in the type in which a model takes them, if it has one that holds them."""
    if dtype is None or not isinstance(values, np.ndarray) or values.dtype.kind not in "iu":
        return values
    typed = values.astype(dtype)
    return typed if (typed == values).all() else values


def _data_frame(values: Mapping[str, Any], label: str) -> Any:
    pandas = library("pandas", label)
    kept = {k: pandas.Categorical(v) if isinstance(v, Categories) else v for k, v in values.items()}
    return pandas.DataFrame(kept)


def _documents(columns: Mapping[str, Any], batch: Batch) -> list[str]:
    ((name, values),) = columns.items()
    for value, line in zip(values, batch.lines, strict=True):
        if not isinstance(value, str):
            shown = "is missing" if value is None or value != value else f"is {value!r:.40}, not text"
            raise refused(
                f"{batch.unit} {line}, column {name!r}: the document {shown}",
                "--no-na says that no cell stands for a missing text; or leave the row out",
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
    """Return a library that only some files need.

    Raises:
        UnsupportedError: it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError:
        package = name.partition(".")[0]
        raise UnsupportedError(f"{label}: reading it needs {package}; pip install {package}") from None
