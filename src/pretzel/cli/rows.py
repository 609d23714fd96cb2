"""Rows from texts and to texts: CSV, TSV, lines.

As in pandas, which read the table that the model was trained on: an empty cell or a word for it is missing (NaN), and
``True`` is 1 where a number is read.  Documents are taken as they are.  A first row in which no cell is a number is a
header.  Blank lines are passed over, except where a row has one cell: there each is a text, so that answers line up
with what was asked.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

import numpy as np

from pretzel.client.inputs import known_as
from pretzel.errors import InputError
from pretzel.plan.model import InputDescription, ModelDescription

Row = Sequence[str]
Lines = Iterator[tuple[int, Row]]
"""Rows, each with the number of the line it ends on, from 1."""
NAN = float("nan")
TRUTHS = {"true": 1.0, "false": 0.0}
MISSING = frozenset(
    "|#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null".split("|")
)
"""What ``pandas.read_csv`` takes for missing."""
MOST_OF_A_CELL = 1 << 30
"""Characters; the reader's own limit, an eighth of a million, is met by documents."""


def batches(file: TextIO, delimiter: str | None, description: ModelDescription, count: int) -> Iterator[Any]:
    """Yield what the file holds in the form that the model takes, so many rows at a time."""
    metadata = description.version.metadata
    if metadata.get("input_style") == "texts" and delimiter is None:
        yield from grouped((line.rstrip("\n") for line in file), count)
        return
    header, lines = _table(file, delimiter, texts=any(item.type.is_text for item in description.inputs))
    for group in grouped(lines, count):
        yield _shaped(group, header, description)


def matrix(file: TextIO, delimiter: str | None) -> np.ndarray:
    """Return the numbers of a whole file."""
    header, lines = _table(file, delimiter, texts=False)
    return np.array([[_number(cell, n, _name(header, j)) for j, cell in enumerate(row)] for n, row in lines])


def grouped(items: Iterable[Any], count: int) -> Iterator[list[Any]]:
    """Yield so many items at a time."""
    iterator = iter(items)
    while group := list(itertools.islice(iterator, count)):
        yield group


class Writer:
    """Writes answers as CSV, or as one JSON document a row."""

    def __init__(self, file: TextIO, method: str, labels: Sequence[Any] | None, as_json: bool) -> None:
        self.file, self.method, self.labels, self.as_json = file, method, labels, as_json
        self.rows = 0
        self._csv = csv.writer(file, lineterminator="\n")

    def write(self, answer: Any) -> None:
        """Write the answer to one batch; the first one writes the header too."""
        whole = np.hstack(answer) if _is_by_target(answer) else answer
        array = np.asarray(whole.toarray() if hasattr(whole, "toarray") else whole)
        matrix = array.reshape(len(array), -1)
        names = self._names(answer, array, matrix.shape[1])
        if self.rows == 0 and not self.as_json:
            self._csv.writerow(names)
        self.rows += len(array)
        if self.as_json:
            self.file.writelines(json.dumps(_jsonable(names, row)) + "\n" for row in matrix.tolist())
        else:
            self._csv.writerows(matrix.tolist())
        self.file.flush()

    def _names(self, answer: Any, array: np.ndarray, width: int) -> list[str]:
        if _is_by_target(answer):
            return [f"{self.method}[{i}]_{j}" for i, part in enumerate(answer) for j in range(part.shape[1])]
        if array.ndim == 1:
            return [self.method]
        labels = self.labels if self.labels is not None and len(self.labels) == width else range(width)
        return [f"{self.method}_{label}" for label in labels]


def _is_by_target(answer: Any) -> bool:
    """Whether an answer has a matrix of its own for each of several targets."""
    return isinstance(answer, list) and all(isinstance(part, np.ndarray) for part in answer)


def _jsonable(names: list[str], row: list[Any]) -> dict[str, Any]:
    odd = (isinstance(value, float) and not math.isfinite(value) for value in row)
    return {name: str(v) if strange else v for name, v, strange in zip(names, row, odd, strict=True)}


def _table(file: TextIO, delimiter: str | None, texts: bool) -> tuple[Row | None, Lines]:
    """The header, if there is one, and the rows; ``texts`` tells whether a blank line can be one."""
    csv.field_size_limit(MOST_OF_A_CELL)
    reader = csv.reader(file, delimiter=delimiter or ",")
    lines = ((reader.line_num, row) for row in reader)
    blank = []
    for number, row in lines:
        if not row:
            blank.append((number, row))
        elif any(map(_is_number, row)):
            return None, _even(itertools.chain(blank, [(number, row)], lines), len(row), texts)
        else:
            return row, _even(lines, len(row), texts)
    return None, iter(())


def _even(lines: Iterable[tuple[int, Row]], width: int, texts: bool) -> Lines:
    for number, row in lines:
        if not row and width > 1:
            continue
        if not row and not texts:
            raise InputError(f'line {number}: expected a number, got a blank line; write "" where it is missing')
        cells = row or [""]
        if len(cells) != width:
            raise InputError(f"line {number}: expected {width} cells, got {len(cells)}")
        yield number, cells


def _shaped(lines: list[tuple[int, Row]], header: Row | None, description: ModelDescription) -> Any:
    style = description.version.metadata.get("input_style")
    numbers, rows = zip(*lines, strict=True)
    if style == "texts":
        return _documents(rows)
    columns = [list(column) for column in zip(*rows, strict=True)]
    if style in ("frame", "positions"):
        return _frame(columns, numbers, header if style == "frame" else None, description)
    number = not description.inputs[0].type.is_text
    cells = [_cells(column, number, numbers, _name(header, j)) for j, column in enumerate(columns)]
    one = description.inputs[0].type.width is None
    whole = np.array(cells, float if number else object).T
    return cells[0] if one and len(cells) == 1 else _declared(whole, description.inputs[0])


def _documents(rows: Sequence[Row]) -> list[str]:
    if len(rows[0]) != 1:
        raise InputError(f"the model takes documents, and the file has {len(rows[0])} columns; give the one of text")
    return [row[0] for row in rows]


def _frame(
    columns: list[list[str]], lines: Sequence[int], header: Row | None, description: ModelDescription
) -> dict[str, list[Any]]:
    inputs = {item.name: item for item in description.inputs}
    names = header or [column.name for column in description.columns] or list(inputs)
    if len(names) != len(columns):
        raise InputError(f"the file has {len(columns)} columns and no header; the model takes {len(names)}")
    names = [known_as(name, inputs, description.version.metadata) for name in names]
    return {
        name: _declared(_cells(column, not _takes_text(inputs[name]), lines, repr(name)), inputs[name])
        if name in inputs
        else column
        for name, column in zip(names, columns, strict=True)
    }


def _takes_text(described: InputDescription) -> bool:
    return described.type.is_text


def _declared(cells: Any, described: InputDescription) -> Any:
    """Return numbers as the integers that a model takes, where they all are."""
    kind = described.type
    if kind.is_text or kind.is_float:
        return cells
    numbers = np.asarray(cells)
    whole = np.isfinite(numbers).all() and (numbers == np.trunc(numbers)).all()
    return numbers.astype(kind.numpy) if whole else cells


def _cells(column: list[str], number: bool, lines: Sequence[int], name: str) -> list[Any]:
    if number:
        return [_number(cell, line, name) for cell, line in zip(column, lines, strict=True)]
    return [NAN if cell in MISSING else cell for cell in column]


def _number(cell: str, line: int, name: str) -> float:
    try:
        return NAN if cell in MISSING or not cell.strip() else float(cell)
    except ValueError:
        if (truth := TRUTHS.get(cell.lower())) is not None:
            return truth
        raise InputError(f"line {line}, column {name}: expected a number, got {cell[:40]!r}") from None


def _name(header: Row | None, column: int) -> str:
    """How messages call a column: by its name in the header, or by its number from 1."""
    return repr(header[column]) if header else str(column + 1)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
