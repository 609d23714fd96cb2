"""Read lines of text, each a document, and lines of JSON, each a row."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

import numpy as np

from pretzel.cli.tables.batch import Batch, under
from pretzel.cli.tables.cells import Column
from pretzel.cli.tables.header import listed, refused
from pretzel.cli.tables.ids import without
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import Reads
from pretzel.cli.tables.shape import chosen, shaped
from pretzel.errors import InputError

_ONE_PER_LINE = (
    "write one row per line; `jq -c '.[]'`, or pandas' to_json(orient='records', lines=True), writes such lines"
)


def documents(text: TextIO, reads: Reads, reading: Reading, label: str, count: int | None) -> Iterator[Batch]:
    """Yield the lines of a text without their ends, ``count`` at a time.

    Raises:
        InputError: the model does not take documents, or a column was selected.
    """
    if reads.style != "texts":
        raise refused(f"{label}: the model does not take lines of text", "use --format csv, tsv or jsonl")
    if reading.columns:
        raise refused(f"{label}: lines of text have no column {listed(reading.columns)}", "use --format csv or tsv")
    if reading.ids:
        raise refused(f"{label}: lines of text have no column {listed(reading.ids)}", "use --format csv or tsv")
    lines = enumerate((line.rstrip("\n").removesuffix("\r") for line in text), 1)
    while group := list(itertools.islice(lines, count)):
        numbers, texts = zip(*group, strict=True)
        yield Batch(list(texts), numbers, label)


def rows(text: TextIO, reads: Reads, reading: Reading, label: str, count: int | None) -> Iterator[Batch]:
    """Yield the rows of JSON lines, ``count`` at a time: for a table, arrays or objects with a key per column.

    In a table, null and an absent key are missing values: NaN, or None where the model knows only that.

    Raises:
        InputError: a line is not JSON, or does not fit the model.
    """
    parsed = _parsed(text, label)
    seen: dict[str, Column] = {}
    while group := list(itertools.islice(parsed, count)):
        lines, items = zip(*group, strict=True)
        with under(label):
            ids = _ids(items, lines, reading.ids)
            passed = [_but(row, reading, reads) for row in items] if ids else list(items)
            yield _batch(passed, Batch(None, lines, label, ids=ids), reads, reading, seen)


def _parsed(text: Iterable[str], label: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text, 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise refused(f"{label}: line {number}: not JSON ({error})", _ONE_PER_LINE) from None


def _ids(items: Sequence[Any], lines: Sequence[int], ids: Sequence[str]) -> dict[str, list[Any]]:
    """Return the values of the columns that are copied to the output."""
    for row, line in zip(items, lines, strict=True) if ids else ():
        lacking = [name for name in ids if not isinstance(row, dict) or name not in row]
        if lacking:
            raise refused(f"line {line}: it has no {listed(lacking)}, named by --id", "write it in every row")
    return {name: [row[name] for row in items] for name in ids}


def _but(row: dict[str, Any], reading: Reading, reads: Reads) -> dict[str, Any]:
    """Return a row without the ids that the model does not read."""
    passed = without(list(row), reading.ids, reads, reading.columns)
    return {name: row[name] for name in passed}


def _batch(items: list[Any], batch: Batch, reads: Reads, reading: Reading, seen: dict[str, Column]) -> Batch:
    objects = sum(isinstance(row, dict) for row in items)
    if reads.style == "lists" and objects:
        raise InputError(f"line {_first(items, batch)}: expected an array of texts, got an object")
    if reads.style in ("records", "lists") or (reads.style == "texts" and not objects):
        batch.X = items
        return batch if reads.style != "texts" else shaped({"text": items}, reads, batch)
    for row, line in zip(items, batch.lines, strict=True):
        if isinstance(row, dict) != (objects > 0) or not isinstance(row, (dict, list)):
            raise InputError(f"line {line}: expected {'an object' if objects else 'an array'}, got {row!r:.40}")
    return shaped(_columns(items, batch, reads, reading, seen), reads, batch)


def _first(items: list[Any], batch: Batch) -> int:
    """Return the line of the first object."""
    return next(line for row, line in zip(items, batch.lines, strict=True) if isinstance(row, dict))


def _columns(items: list[Any], batch: Batch, reads: Reads, reading: Reading, seen: dict[str, Column]) -> dict[str, Any]:
    if isinstance(items[0], dict):
        _register([*dict.fromkeys(name for row in items for name in row)], seen, reads, reading)
        names = chosen(list(seen), reads, reading.columns)
        values = {
            name: _with_null([row.get(name) for row in items], reads.null_of(name, i)) for i, name in enumerate(names)
        }
    else:
        values = _by_position(items, batch, reads, reading)
        _register(list(values), seen, reads, reading)
    for name, column in values.items():
        _check_plain(column, seen[name], batch)
    return {name: _settled(column, seen[name], batch) for name, column in values.items()}


def _check_plain(values: list[Any], column: Column, batch: Batch) -> None:
    """Reject arrays and objects within a row, unless the model takes named values."""
    if column.kind == "record" or {*map(type, values)}.isdisjoint((list, dict)):
        return
    line, value = next(
        (n, value) for n, value in zip(batch.lines, values, strict=True) if isinstance(value, (list, dict))
    )
    kind = "an array" if isinstance(value, list) else "an object"
    raise refused(f"line {line}, column {column.name!r}: expected a number or a text, got {kind}", _ONE_PER_LINE)


def _by_position(items: list[Any], batch: Batch, reads: Reads, reading: Reading) -> dict[str, list[Any]]:
    if isinstance(next(iter(items[0]), None), dict):
        raise refused(f"line {batch.lines[0]}: expected one row, got an array of objects", _ONE_PER_LINE)
    width = len(reads.names) or (len(items[0]) if reads.width is None else reads.width)
    for row, line in zip(items, batch.lines, strict=True):
        if len(row) != width:
            raise InputError(f"line {line}: expected {width} values, got {len(row)}")
    names = list(reads.names) or [str(i + 1) for i in range(width)]
    columns = {name: _with_null([row[i] for row in items], reads.null_of(name, i)) for i, name in enumerate(names)}
    return {name: columns[name] for name in reading.columns or columns}


def _register(names: list[str], seen: dict[str, Column], reads: Reads, reading: Reading) -> None:
    seen.update((name, Column(name, reads.kind_of(name), reading)) for name in names if name not in seen)


def _settled(values: list[Any], column: Column, batch: Batch) -> Any:
    """Return numbers as an array, of integers as long as the column has no others."""
    if column.kind != "number" or not {*map(type, values)} <= {int, float}:
        return values
    array = np.asarray(values)
    return column.settled(array, batch.lines) if array.dtype != object else values


def _with_null(values: list[Any], null: float | None) -> list[Any]:
    return values if null is None else [null if value is None else value for value in values]
