"""Lines of text, each a document, and lines of JSON, each a row."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

import numpy as np

from pretzel.cli.tables.batch import Batch, under
from pretzel.cli.tables.cells import NAN, Column
from pretzel.cli.tables.header import listed, refused
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import Reads
from pretzel.cli.tables.shape import chosen, shaped
from pretzel.errors import InputError

_ONE_PER_LINE = (
    "write one row per line; `jq -c '.[]'`, or to_json(orient='records', lines=True) of pandas, makes such lines"
)


def documents(text: TextIO, reads: Reads, reading: Reading, label: str, count: int | None) -> Iterator[Batch]:
    """Yield the lines of a text, ``count`` at a time; the ends of lines are no part of them.

    Raises:
        InputError: the model does not take documents, or a column was chosen.
    """
    if reads.style != "texts":
        raise refused(f"{label}: the model does not take lines of text", "--format csv, tsv or jsonl tells what it is")
    if reading.columns:
        raise refused(f"{label}: lines of text have no column {listed(reading.columns)}", "use --format csv or tsv")
    lines = enumerate((line.rstrip("\n").removesuffix("\r") for line in text), 1)
    while group := list(itertools.islice(lines, count)):
        numbers, texts = zip(*group, strict=True)
        yield Batch(list(texts), numbers, label)


def rows(text: TextIO, reads: Reads, reading: Reading, label: str, count: int | None) -> Iterator[Batch]:
    """Yield the rows of lines of JSON, ``count`` at a time: of a table arrays, or objects with a key for each column.

    In a table, null and a key that is not there are missing values (NaN), as in pandas.

    Raises:
        InputError: a line is not JSON, or not what the model takes.
    """
    parsed = _parsed(text, label)
    met: dict[str, Column] = {}
    while group := list(itertools.islice(parsed, count)):
        lines, found = zip(*group, strict=True)
        with under(label):
            yield _batch(list(found), Batch(None, lines, label), reads, reading, met)


def _parsed(text: Iterable[str], label: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text, 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise refused(f"{label}: line {number}: not JSON ({error})", _ONE_PER_LINE) from None


def _batch(found: list[Any], batch: Batch, reads: Reads, reading: Reading, met: dict[str, Column]) -> Batch:
    objects = sum(isinstance(row, dict) for row in found)
    if reads.style in ("records", "lists") or (reads.style == "texts" and not objects):
        batch.X = found
        return batch if reads.style != "texts" else shaped({"text": found}, reads, batch)
    for row, line in zip(found, batch.lines, strict=True):
        if isinstance(row, dict) != (objects > 0) or not isinstance(row, (dict, list)):
            raise InputError(f"line {line}: expected {'an object' if objects else 'an array'}, got {row!r:.40}")
    return shaped(_columns(found, batch, reads, reading, met), reads, batch)


def _columns(found: list[Any], batch: Batch, reads: Reads, reading: Reading, met: dict[str, Column]) -> dict[str, Any]:
    if isinstance(found[0], dict):
        _meet([*dict.fromkeys(name for row in found for name in row)], met, reads, reading)
        names = chosen(list(met), reads, reading.columns)
        values = {name: [_value(row.get(name)) for row in found] for name in names}
    else:
        values = _by_position(found, batch, reads, reading)
        _meet(list(values), met, reads, reading)
    for name, column in values.items():
        _check_plain(column, met[name], batch)
    return {name: _settled(column, met[name], batch) for name, column in values.items()}


def _check_plain(values: list[Any], column: Column, batch: Batch) -> None:
    """Refuse arrays and objects within a row, except where the model takes named values."""
    if column.kind == "record" or {*map(type, values)}.isdisjoint((list, dict)):
        return
    line, value = next(
        (n, value) for n, value in zip(batch.lines, values, strict=True) if isinstance(value, (list, dict))
    )
    kind = "an array" if isinstance(value, list) else "an object"
    raise refused(f"line {line}, column {column.name!r}: expected a number or a text, got {kind}", _ONE_PER_LINE)


def _by_position(found: list[Any], batch: Batch, reads: Reads, reading: Reading) -> dict[str, list[Any]]:
    if isinstance(next(iter(found[0]), None), dict):
        raise refused(f"line {batch.lines[0]}: expected one row, got an array of objects", _ONE_PER_LINE)
    width = len(reads.names) or (len(found[0]) if reads.width is None else reads.width)
    for row, line in zip(found, batch.lines, strict=True):
        if len(row) != width:
            raise InputError(f"line {line}: expected {width} values, got {len(row)}")
    names = list(reads.names) or [str(i + 1) for i in range(width)]
    columns = {name: [_value(row[i]) for row in found] for i, name in enumerate(names)}
    return {name: columns[name] for name in reading.columns or columns}


def _meet(names: list[str], met: dict[str, Column], reads: Reads, reading: Reading) -> None:
    met.update((name, Column(name, reads.kind_of(name), reading)) for name in names if name not in met)


def _settled(values: list[Any], column: Column, batch: Batch) -> Any:
    """Return numbers as an array, of whole numbers as long as the column holds no others."""
    if column.kind != "number" or not {*map(type, values)} <= {int, float}:
        return values
    array = np.asarray(values)
    return column.settled(array, batch.lines) if array.dtype != object else values


def _value(value: Any) -> Any:
    return NAN if value is None else value
