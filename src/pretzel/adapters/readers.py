"""Readers of tables of one layout: what the general path reads from them, without its checks of names and types.

The general path checks names, types and values.  Checks of names and types have the same result for all tables of one
layout.  So a reader exists only for a layout that the general path has accepted, and only for inputs whose values it
does not check, or for which the reader makes the same check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.adapters.layouts import MOST_ROWS, Layout
from pretzel.plan.model import InputDescription
from pretzel.plan.types import ValueType

Read = Callable[[Any], Any]
"""A function that converts a column of a table; it returns None if the general path has to."""
Checks = Mapping[str, set[str]]
"""For each input the kinds of types whose values the general path checks: ``O`` objects, ``i`` integers, ``f`` floats.

``l``: integers in lists, whose type depends on the values.
"""
_NUMBERS = frozenset(map(np.dtype, ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8")))
_NAN = float("nan")


class Reader:
    """Reads tables of one layout into the columns of one model: arrays of numbers, and lists of texts."""

    __slots__ = ("_layout", "_positions", "_reads", "_width")

    def __init__(self, layout: Layout, positions: list[int], reads: list[Read], width: int = 0) -> None:
        """Store the positions of the columns to read, and how; ``width``: of the one matrix that they make, or 0."""
        self._layout, self._positions, self._reads, self._width = layout, positions, reads, width

    def read(self, X: Any) -> tuple[list[Any], int] | None:
        """Return the columns of X and the number of rows; None if the general path has to read X."""
        held = self._layout.columns(X, self._positions)
        if held is None:
            return None
        rows = len(held[0])
        if not 0 < rows <= MOST_ROWS or (len(held) > 1 and any(len(column) != rows for column in held)):
            return None
        columns = []
        for read, column in zip(self._reads, held, strict=True):
            if (converted := read(column)) is None:
                return None
            columns.append(converted)
        return ([_matrix(columns, rows)] if self._width else columns), rows


def reader_of(
    layout: Layout,
    inputs: Sequence[InputDescription],
    metadata: Mapping[str, Any],
    main: Mapping[str, Any],
    *,
    by_types: bool = True,
) -> Reader | None:
    """Return a reader of tables of a layout; None if the answer or an error depends on values in them.

    Args:
        layout: that of a table which the general path has read.
        inputs: all inputs of the model that it chose for the table.
        metadata: those of that model.
        main: those of the model for float64, which lists further checks.
        by_types: True if the model was chosen for the types of the table; one that reads all checks integers.
    """
    style, both = metadata.get("input_style"), (metadata, main)
    if style != main.get("input_style") or any(_excludes(one) for one in both):
        return None
    checks = _checks_of_values(both, by_types)
    if style == "matrix":
        return _matrix_reader(layout, inputs, checks)
    labels = list(map(str, range(len(layout.names)))) if style == "positions" else layout.names
    if style not in ("frame", "positions") or not {item.name for item in inputs} <= {*labels}:
        return None
    positions = [labels.index(item.name) for item in inputs]
    if any(_is_unlike(layout.kinds[at], item.name, both) for item, at in zip(inputs, positions, strict=True)):
        return None
    formed = {name for one in both for key in ("objects", "rejected_types") for name in one.get(key) or ()}
    reads = [_read_of(item, layout.kinds[at], checks, formed) for item, at in zip(inputs, positions, strict=True)]
    found = [read for read in reads if read is not None]
    return Reader(layout, positions, found) if len(found) == len(reads) > 0 else None


def _excludes(metadata: Mapping[str, Any]) -> bool:
    """Return whether a model checks values of any column, whatever its type, or reads rows of named values."""
    return any(metadata.get(key) for key in ("records", "fractions", "typed", "zeros_apart", "apart", "index"))


def _is_unlike(kind: Any, name: str, both: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether texts are in a column of another type than those that the model was traced with.

    Lists have no type, and the general path does not check them.
    """
    return kind is not list and any(
        str(kind) != one["text_types"].get(name, str(kind)) for one in both if one.get("text_types")
    )


def _checks_of_values(both: Sequence[Mapping[str, Any]], by_types: bool) -> Checks:
    checks: dict[str, set[str]] = {}
    for metadata in both:
        for name, kinds in _checks(metadata, by_types):
            checks.setdefault(name, set()).update(kinds)
    return checks


def _checks(metadata: Mapping[str, Any], by_types: bool) -> Iterator[tuple[str, str]]:
    """Yield each input whose values are checked, with the kinds of types for which they are."""
    keys = {"kept": "O", "traced": "O", "functions": "Oil", "compared": "Oilf", "decodes": "O", "dates": "Oilf"}
    for key, kinds in keys.items():
        yield from ((name, kinds) for name in metadata.get(key) or ())
    for rules in (metadata.get("integers_read") or {}).values():
        for rule in rules:
            by_type = by_types and rule["how"] in ("keep", "type") and not rule.get("doubtful")
            yield from ((name, "Ol" if by_type else "Oil") for name in rule["inputs"])


def _matrix_reader(layout: Layout, inputs: Sequence[InputDescription], checks: Checks) -> Reader | None:
    """Return a reader of all columns as one matrix of floats."""
    item, width = inputs[0], len(layout.names)
    if len(inputs) > 1 or item.type.layout != "dense" or item.type.width != width:
        return None
    checked = checks.get(item.name) or set()
    has_booleans = any(isinstance(kind, np.dtype) and kind.kind == "b" for kind in layout.kinds)
    reads = [None if has_booleans else _numbers(item.type, kind, checked) for kind in layout.kinds]
    found = [read for read in reads if read is not None]
    return Reader(layout, list(range(width)), found, width) if len(found) == width > 0 else None


def _matrix(columns: list[np.ndarray], rows: int) -> np.ndarray:
    matrix = np.empty((rows, len(columns)), columns[0].dtype)
    for at, column in enumerate(columns):
        matrix[:, at] = column
    return matrix


def _read_of(item: InputDescription, kind: Any, checks: Checks, formed: set[str]) -> Read | None:
    """Return the function that converts a column of this type for an input of single values."""
    checked = checks.get(item.name) or set()
    if item.type.layout != "dense" or item.type.width is not None:
        return None
    if not item.type.is_text:
        return _numbers(item.type, kind, checked)
    texts = None if "O" in checked else _texts(kind)
    if texts is None or item.name not in formed:
        return texts
    return lambda column: _all_texts(texts(column))


def _numbers(wanted: ValueType, kind: Any, checked: set[str]) -> Read | None:
    """Return the function that converts numbers, if floats of the model's type represent all of their type."""
    if kind is list:
        return _listed_numbers(wanted, checked)
    if not wanted.is_float or not isinstance(kind, np.dtype) or kind not in _NUMBERS:
        return None
    is_float, dtype = kind.kind == "f", wanted.numpy
    if ("f" if is_float else "i") in checked or (is_float and kind.itemsize > dtype.itemsize):
        return None
    return _in_place if kind == dtype else lambda column: column.astype(dtype)


def _listed_numbers(wanted: ValueType, checked: set[str]) -> Read | None:
    """Return the function that converts a list of floats, or of integers if their type does not matter."""
    if wanted.numpy != np.float64 or "f" in checked:
        return None
    takes_integers = "l" not in checked

    def read(column: list[Any]) -> np.ndarray | None:
        types = {*map(type, column)}
        if types != {float} and not (takes_integers and types <= {float, int}):
            return None
        values = np.array(column)
        if values.dtype.kind == "f":
            return values
        return values.astype(np.float64) if values.dtype == np.int64 else None  # larger integers are other types

    return read


def _in_place(column: np.ndarray) -> np.ndarray:
    flags = column.flags
    return column if flags.c_contiguous and flags.aligned else column.copy()


def _texts(kind: Any) -> Read | None:
    """Return the function that lists texts, None and NaN."""
    if kind is list:
        return list
    if isinstance(kind, np.dtype):
        return _listed if kind.kind == "O" else None
    if type(kind).__name__ != "StringDtype":
        return None
    if getattr(kind, "storage", None) != "pyarrow":
        return _listed
    return _of_arrow if isinstance(kind.na_value, float) else lambda column: _all_texts(_of_arrow(column))


def _listed(column: Any) -> list[Any]:
    texts: list[Any] = column.tolist()
    return texts


def _of_arrow(column: Any) -> list[Any]:
    """Return the texts of a pandas column in Arrow memory; its own conversion takes five times as long."""
    texts: list[Any] = column.__arrow_array__().to_pylist()
    return [_NAN if text is None else text for text in texts] if None in texts else texts


def _all_texts(texts: list[Any] | None) -> list[Any] | None:
    return texts if texts is not None and {*map(type, texts)} == {str} else None
