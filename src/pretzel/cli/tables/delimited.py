"""Tables of text: CSV, TSV and the like, row by row.

Cells and rows are cut as pandas cuts them: a blank line is not a row, a quote inside a cell is part of it, and a row of
more or fewer cells than the first is refused (pandas fills it up, or takes the first column for an index).
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
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import Reads
from pretzel.cli.tables.shape import chosen, shaped
from pretzel.errors import InputError

MOST_OF_A_CELL = 1 << 30
"""Characters; the reader's own limit, an eighth of a million, is met by documents."""
MOST_ERRORS = 8
_END = "\0the end\0"
"""A line after the last, which comes back as a row of its own, unless a quote is still open."""
Row = tuple[int, list[str]]
"""The line on which a row begins, from 1, and its cells."""


def batches(
    text: TextIO, delimiter: str, reads: Reads, reading: Reading, label: str, count: int | None
) -> Iterator[Batch]:
    """Yield the rows of a table, ``count`` at a time, or all at once.

    Raises:
        InputError: the table cannot be read, can be read in two ways, or is not what the model takes.
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
    """The columns of a table, as its first line and the model tell them."""

    def __init__(self, first: Row, reads: Reads, reading: Reading, label: str) -> None:
        self.reads, self.label = reads, label
        line, cells = first
        self.width = len(cells)
        with under(label):
            self.has_header = is_header(cells, line, reads, reading)
            self.names = self._names(cells)
            unknown = [name for name in reading.types if name not in self.names]
            if unknown:
                raise refused(f"--types names no column {listed(unknown)}", f"the columns are {listed(self.names)}")
            wanted = chosen(self.names, reads, reading.columns)
            if self.has_header:
                _refuse_twice(cells, wanted)
        positions = {name: i for i, name in enumerate(self.names)}
        self.columns = {
            positions[name]: Column(
                name,
                reads.kind_of(name, place),
                reading,
                exactly=reads.exactly,
                category=reads.category_of(name, place),
            )
            for place, name in enumerate(wanted)
        }

    def batch(self, group: list[Row]) -> Batch:
        lines = [line for line, _ in group]
        for line, cells in group:
            if len(cells) != self.width:
                raise self._uneven(line, cells)
        with under(self.label):
            values = self._values([cells for _, cells in group], lines)
            return shaped(values, self.reads, Batch(None, lines, self.label))

    def _values(self, rows: list[list[str]], lines: list[int]) -> dict[str, Any]:
        """Return the values of each column; an error tells the first bad cell of each."""
        cells = list(zip(*rows, strict=True))
        values: dict[str, Any] = {}
        errors: list[InputError] = []
        for i, column in self.columns.items():
            try:
                values[column.name] = column.read(cells[i], lines)
            except InputError as error:
                errors.append(error)
        if errors:
            told = "; ".join(map(str, errors[:MOST_ERRORS]))
            more = f"; {len(errors) - MOST_ERRORS} more columns" if len(errors) > MOST_ERRORS else ""
            raise refused(told + more, next(iter(errors[0].__notes__), ""))
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
        told = f"{self.label}: line {line}: expected {self.width} cells, got {len(cells)}"
        if len(cells) == self.width + 1 and not cells[-1]:
            return refused(told, "the line ends with a delimiter; remove it, or end the first line so too")
        if len(cells) > self.width:
            return refused(told, "put a cell that holds the delimiter in double quotes")
        return refused(told, "leave the cells empty where values are missing, and write their delimiters")


def _refuse_twice(header: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a column that is there twice, unless the model was fitted on both, as pandas calls them."""
    counts = Counter(header)
    for name in wanted:
        if counts[name] > 1 and f"{name}.1" not in wanted:
            places = ", ".join(str(i + 1) for i, cell in enumerate(header) if cell == name)
            raise refused(f"the header has column {name!r} twice (cells {places})", "rename all but one")


def _rows(text: TextIO, delimiter: str, label: str) -> Iterator[Row]:
    """Yield the rows that are not blank; of one column, a blank line among the rows could be one, and is refused."""
    csv.field_size_limit(MOST_OF_A_CELL)
    reader = csv.reader(itertools.chain(text, [_END]), delimiter=delimiter)
    width = blank = 0
    begins = 1
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if cells == [_END]:
                return
            if cells and cells[-1].endswith(_END):
                raise refused(f"{label}: line {line}: a quote is never closed", 'write a quote in quotes twice: ""')
            if _is_blank(cells):
                blank = blank or line
                continue
            if blank and width == 1:
                raise refused(f"{label}: line {blank} is blank", 'write "" where the only cell is empty, or remove it')
            width, blank = width or len(cells), 0
            yield line, cells
    except csv.Error as error:
        raise InputError(f"{label}: line {reader.line_num}: {error}") from None


def _is_blank(cells: list[str]) -> bool:
    """Return whether a line held nothing but white space; the empty cell of a lone ``""`` is a cell."""
    return not cells or (len(cells) == 1 and cells[0] != "" and cells[0].isspace())


def _check_style(reads: Reads, label: str) -> None:
    records = [name for name, kind in (reads.kinds or {}).items() if kind == "record"]
    if reads.style in ("lists", "records") or records:
        wanted = "lists of texts" if reads.style == "lists" else "rows of named values"
        raise refused(f"{label}: the model takes {wanted}, which no cell holds", "give lines of JSON: --format jsonl")
