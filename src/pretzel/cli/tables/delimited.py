"""Read delimited text, such as CSV and TSV, row by row.

Cells and rows are split as pandas splits them: a blank line is not a row, and a quote inside a cell is part of it.  But
a row with more or fewer cells than the first is an error (pandas pads it, or takes the first column for an index).
"""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from pretzel.cli.tables.batch import Batch, under
from pretzel.cli.tables.cells import Column
from pretzel.cli.tables.header import column_names, is_header, listed, refused
from pretzel.cli.tables.ids import check_named, without
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import Reads
from pretzel.cli.tables.shape import chosen, shaped
from pretzel.errors import InputError

MOST_OF_A_CELL = 1 << 30
"""Characters; documents reach the default limit of :mod:`csv`, 131072."""
MOST_ERRORS = 8
_END = "\0the end\0"
"""A line after the last, which is read as a separate row unless a quote is still open."""
Row = tuple[int, list[str]]
"""The line at which a row starts, from 1, and its cells."""


def batches(
    text: TextIO, delimiter: str, reads: Reads, reading: Reading, label: str, count: int | None
) -> Iterator[Batch]:
    """Yield the rows of a table, ``count`` at a time, or all at once.

    Raises:
        InputError: the table is malformed or ambiguous, or does not fit the model.
    """
    _check_style(reads, label)
    rows = _rows(text, delimiter, label)
    first = next(rows, None)
    if first is None:
        return
    table = _Table(first, reads, reading, label)
    rest = rows if table.has_header else itertools.chain([first], rows)
    while group := list(itertools.islice(rest, count)):
        yield table.batch(group)


class _Table:
    """The columns of a table, from its first line and the model."""

    def __init__(self, first: Row, reads: Reads, reading: Reading, label: str) -> None:
        self.reads, self.label = reads, label
        line, cells = first
        self.width = len(cells)
        with under(label):
            self.has_header = is_header(cells, line, reads, reading)
            check_named(self.has_header, reading.ids, f"line {line}")
            self.names = self._names(cells)
            unknown = [name for name in reading.types if name not in self.names]
            if unknown:
                raise refused(
                    f"--types: column {listed(unknown)} does not exist", f"the columns are {listed(self.names)}"
                )
            selected = chosen(without(self.names, reading.ids, reads, reading.columns), reads, reading.columns)
            if self.has_header:
                _refuse_duplicates(cells, [*selected, *reading.ids])
        positions = {name: i for i, name in enumerate(self.names)}
        self.ids = {name: positions[name] for name in reading.ids}
        self.columns = {
            positions[name]: Column(
                name,
                reads.kind_of(name, place),
                reading,
                exactly=reads.exactly,
                category=reads.category_of(name, place),
            )
            for place, name in enumerate(selected)
        }

    def batch(self, group: list[Row]) -> Batch:
        lines = [line for line, _ in group]
        for line, cells in group:
            if len(cells) != self.width:
                raise self._uneven(line, cells)
        with under(self.label):
            values = self._values([cells for _, cells in group], lines)
            ids = {name: [cells[i] for _, cells in group] for name, i in self.ids.items()}
            return shaped(values, self.reads, Batch(None, lines, self.label, ids=ids))

    def _values(self, rows: list[list[str]], lines: list[int]) -> dict[str, Any]:
        """Return the values of each column; an error names the first bad cell of each."""
        cells = list(zip(*rows, strict=True))
        values: dict[str, Any] = {}
        errors: list[InputError] = []
        for i, column in self.columns.items():
            try:
                values[column.name] = column.read(cells[i], lines)
            except InputError as error:
                errors.append(error)
        if errors:
            text = "; ".join(map(str, errors[:MOST_ERRORS]))
            more = f"; {len(errors) - MOST_ERRORS} more columns" if len(errors) > MOST_ERRORS else ""
            raise refused(text + more, next(iter(errors[0].__notes__), ""))
        return values

    def _names(self, cells: list[str]) -> list[str]:
        if self.has_header:
            return column_names(cells)
        named = self.reads.names
        if named and len(named) != len(cells):
            raise refused(
                f"the file has {len(cells)} columns and no header; the model takes {len(named)}: {listed(named)}",
                "give it a header, or these columns in this order",
            )
        return list(named) or [str(i + 1) for i in range(len(cells))]

    def _uneven(self, line: int, cells: list[str]) -> InputError:
        text = f"{self.label}: line {line}: expected {self.width} cells, got {len(cells)}"
        if len(cells) == self.width + 1 and not cells[-1]:
            return refused(text, "the line ends with a delimiter; remove it, or end the first line with one too")
        if len(cells) > self.width:
            return refused(text, "put a cell that contains the delimiter in double quotes")
        return refused(text, "leave missing cells empty, but write their delimiters")


def _refuse_duplicates(header: Sequence[str], selected: Sequence[str]) -> None:
    """Reject a duplicate column, unless the model was fitted on both under the names that pandas gives them."""
    counts = Counter(header)
    for name in selected:
        if counts[name] > 1 and f"{name}.1" not in selected:
            places = ", ".join(str(i + 1) for i, cell in enumerate(header) if cell == name)
            raise refused(f"the header has column {name!r} twice (cells {places})", "rename all but one")


def _rows(text: TextIO, delimiter: str, label: str) -> Iterator[Row]:
    """Yield the rows that are not blank; with one column, a blank line between rows is ambiguous and rejected."""
    csv.field_size_limit(MOST_OF_A_CELL)
    reader = csv.reader(itertools.chain(text, [_END]), delimiter=delimiter)
    width = blank = 0
    start = 1
    try:
        for cells in reader:
            line, start = start, reader.line_num + 1
            if cells == [_END]:
                return
            if cells and cells[-1].endswith(_END):
                raise refused(f"{label}: line {line}: a quote is never closed", 'double a quote inside quotes: ""')
            if _is_blank(cells):
                blank = blank or line
                continue
            if blank and width == 1:
                raise refused(f"{label}: line {blank} is blank", 'write "" for an empty cell, or remove the line')
            width, blank = width or len(cells), 0
            yield line, cells
    except csv.Error as error:
        raise InputError(f"{label}: line {reader.line_num}: {error}") from None


def _is_blank(cells: list[str]) -> bool:
    """Return whether a line has only white space; a lone ``""`` is an empty cell."""
    return not cells or (len(cells) == 1 and cells[0] != "" and cells[0].isspace())


def _check_style(reads: Reads, label: str) -> None:
    records = [name for name, kind in (reads.kinds or {}).items() if kind == "record"]
    if reads.style in ("lists", "records") or records:
        form = "lists of texts" if reads.style == "lists" else "rows of named values"
        raise refused(
            f"{label}: the model takes {form}, which do not fit in a cell", "use lines of JSON: --format jsonl"
        )
