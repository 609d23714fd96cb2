"""Decide if the first line of a table names its columns.

The options decide first, then the names of the model: a first line that has them all, in any order and among others, is
a header; one that has only some is an error.  If none of its cells is a name of the model, or the model has no names,
these rules apply:

- For a model of documents, a first line of several single words is a header, and so is one word that names a column:
  ``text``, ``review`` and similar, or one with an underscore.  Any other is an error.
- For a matrix of numbers, a first line without numbers is a header.  One of only numbers is a row, unless they may be
  names: distinct whole numbers (``0,1,2``, ``2019,2020``), or at least five increasing numbers.  That, and a mixture of
  numbers and words, is an error.
  - For a matrix of texts, any first line is an error.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from pretzel.cli.tables.cells import TRUTHS, is_number
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import Reads
from pretzel.cli.tables.source import is_name
from pretzel.errors import InputError

_WHOLE = re.compile(r"\d+", re.ASCII)
_MANY = 5
"""So many random numbers increase by chance once in 120 rows."""
_EITHER = "use --header if line {0} names the columns, --no-header if it is a row"
_OF_TEXTS = frozenset("text document doc x review comment message sentence content body description title".split())
"""Common names of a single column of documents, in the singular."""
_SHOWN = 8


def is_header(first: Sequence[str], line: int, reads: Reads, reading: Reading) -> bool:
    """Return whether the first row is a header.

    Raises:
        InputError: it is ambiguous; the note of the error names the options that decide.
    """
    if reading.header is not None:
        return reading.header
    names = column_names(first)
    named = {*reading.columns, *reading.ids}
    if named and named <= {*names}:
        return True
    if reads.names or reads.kinds is not None:
        return _by_names(first, names, line, reads, reading)
    if reads.style == "texts":
        if all(map(is_name, first)) and (len(first) > 1 or _names_texts(first[0])):
            return True
        raise refused(f"line {line} may name the columns, or be a row: {listed(first)}", _EITHER.format(line))
    return _of_matrix(first, line, reads, reading)


def column_names(header: Sequence[str]) -> list[str]:
    """Return the column names that pandas derives from a header: distinct and not empty."""
    names = [cell or f"Unnamed: {i}" for i, cell in enumerate(header)]
    counts: defaultdict[str, int] = defaultdict(int)
    held = Counter(names)
    for i in sorted(range(len(names)), key=lambda i: not header[i]):  # pandas keeps the names that are not empty
        name = names[i]
        count = counts[name]
        while count > 0:
            counts[name] = count + 1
            held[names[i]] -= 1
            names[i] = f"{name}.{count}"
            count = count + 1 if held[names[i]] else counts[names[i]]
            held[names[i]] += 1
        counts[names[i]] = count + 1
    return names


def missing_columns(needed: Sequence[str], names: Sequence[str], line: int, cells: Sequence[str]) -> InputError:
    """Return the error that lists all columns missing in a table."""
    plural, verb = ("s", "are") if len(needed) > 1 else ("", "is")
    text = f"column{plural} {listed(needed)} {verb} missing; line {line} has {listed(names)}"
    if mark := _other_delimiter(cells):
        return refused(text, f"use --delimiter {mark!r} if that separates its cells")
    return refused(text, f"give the columns these names, or use --no-header if line {line} is a row")


def wrong_width(columns: Sequence[str], reads: Reads) -> InputError:
    """Return the error for a wrong number of columns."""
    mark = _other_delimiter(columns)
    return refused(
        f"the model takes {reads.width} columns, and the file has {len(columns)}: {listed(columns)}",
        f"use --delimiter {mark!r} if that separates its cells" if mark else "select them with --column NAME, repeated",
    )


def listed(names: Sequence[str]) -> str:
    """Format names for a message; of many, the first."""
    text = ", ".join(repr(name[:40]) for name in names[:_SHOWN])
    return f"{text}, ... ({len(names)} in all)" if len(names) > _SHOWN else text


def refused(message: str, remedy: str) -> InputError:
    """Return an error with its line of help."""
    error = InputError(message)
    error.add_note(remedy)
    return error


def _by_names(first: Sequence[str], names: list[str], line: int, reads: Reads, reading: Reading) -> bool:
    known = {reads.known(name) for name in names}
    lacking = [name for name in reads.needed if name not in known]
    if not lacking:
        return True
    fits = len(first) == len(reads.names) and all(
        _fits(cell, name, reads, reading) for cell, name in zip(first, reads.names, strict=True)
    )
    if len(lacking) < len(reads.needed) or not fits:
        raise missing_columns(lacking, names, line, first)
    if not any(map(_is_value, first)):
        text = f"line {line} has none of the model's columns, and may name others, or be a row: {listed(first)}"
        raise refused(text, _EITHER.format(line))
    return False


def _names_texts(cell: str) -> bool:
    """Return whether a single word names a column of documents rather than being one."""
    return "_" in cell.strip("_") or cell.lower().rstrip("s") in _OF_TEXTS


def _fits(cell: str, name: str, reads: Reads, reading: Reading) -> bool:
    return reads.kind_of(name) != "number" or _is_numeric(cell, reading)


def _is_value(cell: str) -> bool:
    """Return whether a cell cannot name a column: a number that is not plain and whole."""
    return is_number(cell) and not _WHOLE.fullmatch(cell)


def _of_matrix(first: Sequence[str], line: int, reads: Reads, reading: Reading) -> bool:
    if len(reads.places) == len(first):
        numbers = [cell for cell, kind in zip(first, reads.places, strict=True) if kind == "number"]
        if numbers and all(_is_numeric(cell, reading) for cell in numbers) and not _may_be_names(first):
            return False
        first = numbers or first
    numeric = [_is_numeric(cell, reading) for cell in first]
    if reads.kind != "text" and all(numeric) and not _may_be_names(first):
        return False
    words = [cell for cell, is_numeric in zip(first, numeric, strict=True) if not is_numeric]
    decides = reads.kind != "text" and not (reads.places and "number" not in reads.places)
    if decides and words and not any(is_number(cell) for cell in first):
        return True
    mark = _other_delimiter(first)
    if reads.width is not None and len(first) != reads.width and not mark:
        raise wrong_width(first, reads)
    text = f"line {line} may name the columns, or be a row: {listed(first)}"
    remedy = f"use --delimiter {mark!r} if that separates its cells" if mark else _EITHER.format(line)
    raise refused(text, remedy)


def _is_numeric(cell: str, reading: Reading) -> bool:
    pointed = cell if reading.decimal == "." else cell.replace(reading.decimal, ".")
    return cell in reading.missing or cell in TRUTHS or is_number(pointed)


def _may_be_names(first: Sequence[str]) -> bool:
    """Return whether a row of numbers may be names; the first cell of a header from ``to_csv`` may be empty."""
    cells = first[1:] if len(first) > 1 and not first[0] else first
    if not all(map(is_number, cells)):
        return False
    if len({*cells}) == len(cells) and all(map(_WHOLE.fullmatch, cells)):
        return True
    return len(cells) >= _MANY and all(a < b for a, b in pairwise(map(float, cells)))


def _other_delimiter(cells: Sequence[str]) -> str | None:
    """Return the delimiter of a line that was read with the wrong one."""
    text = ",".join(cells)
    return next((mark for mark in (";", "\t", "|") if text.count(mark) >= max(len(cells), 1)), None)
