"""Conversion of rows that are dictionaries, pairs or lists of texts to ragged columns.

A row of named values becomes a list of names and a list of numbers.  A text value is appended to the name,
``city=Paris``, with the number 1; only the model maps names to features.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from numbers import Number
from typing import Any, NoReturn

import numpy as np

from pretzel.errors import InputError
from pretzel.plan.spelling import spell
from pretzel.plan.values import Ragged, Texts

_PLAIN = {float, int, bool, str}
"""Types of values that need no conversion."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a column of named values, from a model's metadata."""

    pairs: bool = False
    """Rows are iterables of (name, value) pairs; otherwise mappings."""
    separator: str = "="
    """Separator between a name and a text value."""
    loose: bool = False
    """None is NaN, each text of an iterable counts, and names that are not texts are ignored, or rejected."""
    distinct: bool = False
    """Reject a row with a duplicate name, because a step of the model does not read the sum of both values."""


def record_columns(name: str, rows: Any, form: Mapping[str, Any]) -> dict[str, Ragged]:
    """Convert rows of named values to a column of names and a column of numbers.

    Raises:
        InputError: a row has another form, or a name or a value is of a kind that the library rejects.
    """
    form_ = Form(**form)
    names: list[str] = []
    values: list[float] = []
    starts = [0]
    for row, items in enumerate(_rows(name, rows, form_)):
        try:
            _read(items, form_, names, values)
        except (InputError, TypeError, ValueError, OverflowError) as error:
            raise InputError(f"column {name!r}, row {row}: {error}") from None
        starts.append(len(names))
    bounds = np.array(starts, np.int64)
    if form_.distinct:
        check_distinct(name, names, bounds)
    columns = Ragged(packed(name, names, bounds), bounds), Ragged(np.array(values, np.float64), bounds)
    return dict(zip(record_names(name), columns, strict=True))


def check_distinct(column: str, names: Sequence[str], starts: np.ndarray) -> None:
    """Reject rows with duplicate names.

    Raises:
        InputError: a row has a duplicate name; the message names the row and the name.
    """
    for row, (start, end) in enumerate(pairwise(starts.tolist())):
        row_names = names[start:end]
        if len(set(row_names)) < len(row_names):
            twice = next(name for name in row_names if row_names.count(name) > 1)
            raise InputError(
                f"column {column!r}, row {row}: the name {twice!r:.60} occurs twice, which a step of the model "
                "does not read as the sum; pass it once, with the sum"
            )


def record_names(name: str) -> tuple[str, str]:
    """Return the names of the two columns of a column of named values."""
    return f"{name}.names", f"{name}.values"


def list_column(name: str, rows: Any, *, spelled: bool = False) -> Ragged:
    """Convert rows that are lists of texts to a column.

    ``spelled``: the items are labels of any type, written as texts (:mod:`pretzel.plan.spelling`).

    Raises:
        InputError: a row is not a list, or an item is not a text, or not a label.
    """
    if isinstance(rows, (Ragged, str, Mapping)) or not _holds_rows(rows):
        return rows if isinstance(rows, Ragged) else _reject_rows(name, rows, "labels" if spelled else "lists of texts")
    lists = list(_python(rows))
    if spelled:
        lists = [_spelled(name, i, row) for i, row in enumerate(lists)]
    elif not _are_plain(lists):
        lists = [_list(name, i, row) for i, row in enumerate(lists)]
    starts = np.cumsum([0, *map(len, lists)], dtype=np.int64)
    return Ragged(packed(name, list(chain.from_iterable(lists)), starts), starts)


def _are_plain(lists: list[Any]) -> bool:
    """Return whether these are lists of strings, the usual case, which needs no check of each item."""
    return set(map(type, lists)) <= {list, tuple} and set(map(type, chain.from_iterable(lists))) <= {str}


def _list(name: str, i: int, row: Any) -> list[Any]:
    if isinstance(row, str) or not isinstance(row, Iterable):
        raise InputError(f"column {name!r}, row {i}: expected a list of texts, got {type(row).__name__} {row!r:.40}")
    return [item.decode() if isinstance(item, bytes) else item for item in row]


def _spelled(name: str, i: int, row: Any) -> list[str]:
    if isinstance(row, (str, bytes)) or not isinstance(row, Iterable):
        raise InputError(f"column {name!r}, row {i}: expected a list of labels, got {type(row).__name__} {row!r:.40}")
    try:
        return [spell(label) for label in row]
    except TypeError as error:
        raise InputError(f"column {name!r}, row {i}: a label is not a key of a dictionary: {error}") from None


def packed(name: str, items: list[Any], starts: np.ndarray) -> Texts:
    """Pack texts, none of which may be missing; rows start at ``starts``.

    Raises:
        InputError: an item is not a text, or holds a lone surrogate; the message names its row.
    """
    try:
        texts = Texts.of(items)
    except InputError:
        texts = None
    if texts is not None and texts.missing is None:
        return texts
    for i, item in enumerate(items):
        row = int(np.searchsorted(starts, i, "right")) - 1
        if not isinstance(item, str):
            raise InputError(f"column {name!r}, row {row}: expected texts, got {type(item).__name__} {item!r:.40}")
        if not item.isascii() and item.encode(errors="replace").decode() != item:
            raise InputError(f"column {name!r}, row {row}: {item[:40]!r} holds a lone surrogate, which is not Unicode")
    raise AssertionError("unreachable")


def _rows(name: str, rows: Any, form: Form) -> Iterable[Any]:
    if isinstance(rows, Mapping) and form.loose:
        return [rows]
    if isinstance(rows, (str, Mapping)) or not _holds_rows(rows) or hasattr(rows, "columns"):
        _reject_rows(name, rows, "pairs" if form.pairs else "dictionaries")
    return _python(rows)


def _holds_rows(rows: Any) -> bool:
    """Return whether these are several rows; an array of no dimension only looks so."""
    return isinstance(rows, Iterable) and getattr(rows, "ndim", 1) > 0


def _python(rows: Iterable[Any]) -> Iterable[Any]:
    """Convert Arrow rows to Python values; return others unchanged."""
    return rows.to_pylist() if hasattr(rows, "to_pylist") else rows


def _reject_rows(name: str, rows: Any, expected: str) -> NoReturn:
    raise InputError(f"column {name!r}: expected a list of {expected}, got {type(rows).__name__}; put it in a list")


def _read(items: Any, form: Form, names: list[str], values: list[float]) -> None:
    """Add the named values of a row; the common types avoid the cost of a generator."""
    if not form.pairs and type(items) is not dict and not isinstance(items, Mapping):
        raise InputError(f"expected a dictionary, got {type(items).__name__} {items!r:.40}")
    for name, value in items if form.pairs else items.items():
        kind = type(value)
        if type(name) is not str or kind not in _PLAIN:
            for feature, number in named_values(name, value, form):
                names.append(feature)
                values.append(number)
        elif kind is str:
            names.append(f"{name}{form.separator}{value}")
            values.append(1.0)
        else:
            names.append(name)
            values.append(float(value))


def named_values(name: Any, value: Any, form: Form) -> Iterator[tuple[str, float]]:
    """Return the features of a name and its value, of any types.

    Raises:
        TypeError, ValueError: the library rejects them.
    """
    return _loose(name, value, form) if form.loose else _strict(name, value, form)


def _strict(name: Any, value: Any, form: Form) -> Iterator[tuple[str, float]]:
    """Read a value as ``FeatureHasher`` does."""
    if isinstance(value, str):
        yield _joined(name, value, form), 1.0
        return
    if isinstance(value, (bytes, bytearray)):
        raise TypeError(f"value {value!r:.40} of {name!r:.40} is not a number")
    number = float(value)
    if isinstance(name, bytes):
        yield name.decode(), number
    elif isinstance(name, str):
        yield str(name), number
    elif number != 0:
        raise TypeError("feature names must be strings")


def _loose(name: Any, value: Any, form: Form) -> Iterator[tuple[str, float]]:
    """Read a value as ``DictVectorizer`` does."""
    if isinstance(value, str):
        yield _joined(name, value, form), 1.0
    elif isinstance(value, Number) or value is None:
        if isinstance(name, str):
            yield str(name), float("nan") if value is None else float(value)  # type: ignore[arg-type]
    elif isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise TypeError(f"Unsupported value Type {type(value)} for {name}: {value!r:.40}.")
    else:
        for item in value:
            if not isinstance(item, str):
                raise TypeError(
                    f"Unsupported type {type(item)} in iterable value. Only iterables of string are supported."
                )
            yield _joined(name, item, form), 1.0


def _joined(name: Any, value: str, form: Form) -> str:
    return f"{name!s}{form.separator}{value!s}"  # names of any kind, as in the library
