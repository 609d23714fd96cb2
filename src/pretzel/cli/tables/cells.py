"""Parse the cells of one column to numbers, truth values or texts, as ``pandas.read_csv`` does.

A number is what pandas' parser accepts: ASCII digits with a point and an exponent, surrounded by white space, or
``inf``.  Python's ``float`` accepts more (``1_000``, ``NAN``, digits of other scripts), which pandas leaves as text.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from pretzel.adapters.iso import is_date
from pretzel.cli.tables.categories import Held
from pretzel.cli.tables.reading import Reading, Type
from pretzel.cli.tables.reads import NAN, Kind
from pretzel.errors import InputError

TRUTHS = {
    "".join(characters): word == "true"
    for word in ("true", "false")
    for characters in itertools.product(*zip(word, word.upper(), strict=True))
}
"""The cells that pandas reads as truth values: the two words in any case."""
_SPACE = " \t\n\r\v\f"
_NUMBER = re.compile(
    rf"[{_SPACE}]*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[{_SPACE}]*|[+-]?inf(?:inity)?", re.ASCII | re.IGNORECASE
)
_WHOLE = re.compile(rf"[{_SPACE}]*[+-]?\d+[{_SPACE}]*", re.ASCII)
_PLAIN = re.compile(r"[0-9+\-.eE\n]*")
"""A fast check that most columns of numbers pass: for such cells ``float`` accepts exactly what pandas does."""
_EXACT = 1 << 24
"""Whole numbers up to this are exact in every type that a model may read."""
_SHOWN = 40
_LONGEST = 300
"""The most characters of a whole number read as an integer: ``int`` rejects thousands of digits."""


def is_number(cell: str) -> bool:
    """Return whether pandas reads this cell as a number."""
    return _NUMBER.fullmatch(cell) is not None


class Categories(list[Any]):
    """Texts that become a categorical column of pandas."""


class Dates(list[Any]):
    """Texts of ISO 8601 that become a column of dates of pandas."""


class Column:
    """One column of a table: the rules for its cells, and the types of earlier batches."""

    def __init__(
        self, name: str, kind: Kind, reading: Reading, *, exactly: bool = True, category: str | None = None
    ) -> None:
        """Start without cells.

        Args:
            name: the name of the column in messages.
            kind: the kind of values that the model reads.
            reading: the cells that mean missing, and the user's types.
            exactly: reject cells of another kind; otherwise they make the column text, as in pandas.
            category: for categories identified by their text, the kind in the sample; see :class:`Held`.
        """
        self.name, self.decimal = name, reading.decimal
        self.words = reading.missing
        """The missing cells in a column of texts."""
        self.missing = reading.missing | {""}
        """The missing cells in a column of numbers, always including the empty one."""
        self.type: Type | None = reading.types.get(name)
        self.kind, self.exactly = kind, exactly
        self._held = None if category is None else Held(name, category)
        self._quick = self.decimal == "." and not any(map(is_number, self.missing))
        self._whole: bool | None = None
        """True if all numbers so far are whole; None before the first."""
        self._large: int | None = None
        """The line of a whole number that float32 would round."""
        self._truths: bool | None = None
        """True if all cells so far are truth values; None before the first."""

    def read(self, cells: Sequence[str], lines: Sequence[int]) -> Any:
        """Return the values of some cells, with the line of each.

        Returns:
            A list of texts with NaN for missing, or an array of int64, float64, bool or object (truth values with
            missing ones).

        Raises:
            InputError: a cell has another kind than the model reads, or another type than the user set.
        """
        if self.type is not None:
            return self._as_typed(cells, lines)
        if self.kind == "text":
            return self._texts(cells) if self._held is None else self._categories(cells, lines)
        if self.kind == "number" and self.exactly:
            return self._numbers(cells, lines)
        return self._inferred(cells)

    def _texts(self, cells: Sequence[str]) -> list[Any]:
        return [NAN if cell in self.words else cell for cell in cells]

    def _categories(self, cells: Sequence[str], lines: Sequence[int]) -> Any:
        kind = "bool" if all(cell in TRUTHS for cell in cells) else "int" if all(map(_is_whole, cells)) else "str"
        if self._held is None or not self.words.isdisjoint(cells):
            return self._texts(cells)
        read_as = self._held.read_as(kind, cells, lines)
        if read_as == "bool":
            return np.array([TRUTHS[cell] for cell in cells], bool)
        return _whole_array(cells) if read_as == "int" else self._texts(cells)

    def _as_typed(self, cells: Sequence[str], lines: Sequence[int]) -> Any:
        if self.type in ("str", "category"):
            return self._texts(cells) if self.type == "str" else Categories(self._texts(cells))
        if self.type == "date":
            return self._dates(cells, lines)
        if self.type == "bool":
            return self._all_truths(cells, lines)
        if self.type == "float":
            return self._parsed(cells, lines).astype(np.float64)
        for cell, line in zip(cells, lines, strict=True):
            if not _WHOLE.fullmatch(cell) or cell in self.missing:
                self._refuse("a whole number, as set by --types", cell, line)
        return _whole_array(cells)

    def _dates(self, cells: Sequence[str], lines: Sequence[int]) -> Dates:
        for cell, line in zip(cells, lines, strict=True):
            if cell not in self.missing and not is_date(cell):
                self._refuse("a date of ISO 8601, as set by --types", cell, line)
        return Dates([NAN if cell in self.missing else cell for cell in cells])

    def _all_truths(self, cells: Sequence[str], lines: Sequence[int]) -> np.ndarray:
        for cell, line in zip(cells, lines, strict=True):
            if cell not in TRUTHS:
                self._refuse("True or False, as set by --types", cell, line)
        return np.array([TRUTHS[cell] for cell in cells], bool)

    def _numbers(self, cells: Sequence[str], lines: Sequence[int]) -> np.ndarray:
        """Return numbers, or truth values in a column of only those."""
        values = self._plain(cells)
        if values is None:
            present = [cell for cell in cells if cell not in self.missing]
            if not present:
                return np.full(len(cells), NAN)
            truths = sum(cell in TRUTHS for cell in present)
            if truths:
                return self._truth_values(cells, lines, truths == len(present))
            values = self._parsed(cells, lines)
        if self._truths:
            self._refuse("True or False, as in the lines before", *self._first(cells, lines, truth=False))
        self._truths = False
        return self.settled(values, lines)

    def _truth_values(self, cells: Sequence[str], lines: Sequence[int], alone: bool) -> np.ndarray:
        """Return truth values as numbers; mixed with numbers they are rejected: pandas leaves such a column text."""
        if not alone or self._truths is False:
            self._refuse("a number, as in the other lines", *self._first(cells, lines, truth=True))
        self._truths = True
        if all(cell in TRUTHS for cell in cells):
            return np.array([TRUTHS[cell] for cell in cells], bool)
        return np.array([float(TRUTHS.get(cell, NAN)) for cell in cells])

    def _first(self, cells: Sequence[str], lines: Sequence[int], *, truth: bool) -> tuple[str, int]:
        both = zip(cells, lines, strict=True)
        return next((c, n) for c, n in both if c not in self.missing and (c in TRUTHS) == truth)

    def settled(self, values: np.ndarray, lines: Sequence[int]) -> np.ndarray:
        """Return numbers in the type of the column so far: integers, or floats.

        Libraries round large integers differently from large floats, so a column whose first fraction follows a large
        integer in an earlier batch is rejected.
        """
        whole = values.dtype.kind in "iu"
        if self._whole and not whole and self._large is not None:
            refused = InputError(
                f"line {lines[0]}, column {self.name!r}: the column had only whole numbers, a large one in line "
                f"{self._large}, and has others from here on"
            )
            refused.add_note(f"use --types {self.name}=float if all are floats; in JSON, write all with a point")
            raise refused
        if whole and self._large is None and self._whole is not False:
            large = np.flatnonzero(np.abs(values.astype(np.float64)) > _EXACT)
            self._large = lines[int(large[0])] if large.size else None
        self._whole = whole and self._whole is not False
        return values if self._whole else values.astype(np.float64)

    def _parsed(self, cells: Sequence[str], lines: Sequence[int]) -> np.ndarray:
        """Return numbers: int64 or uint64 if all are whole and fit, else float64.

        Raises:
            InputError: a cell is not a number; the message names the first.
        """
        values = self._plain(cells)
        if values is not None:
            return values
        written = [self._pointed(cell) for cell in cells]
        for cell, text, line in zip(cells, written, lines, strict=True):
            if cell not in self.missing and not is_number(text):
                self._refuse("a number", cell, line)
        present = [text for cell, text in zip(cells, written, strict=True) if cell not in self.missing]
        are_whole = all(map(_WHOLE.fullmatch, present))
        values = _whole_array(present) if are_whole else np.array([*map(float, present)])
        if len(present) == len(cells):
            return values
        every = np.full(len(cells), NAN)
        every[[cell not in self.missing for cell in cells]] = values
        return every

    def _plain(self, cells: Sequence[str]) -> np.ndarray | None:
        return _plain(cells) if self._quick else None

    def _pointed(self, cell: str) -> str:
        """Replace the user's decimal mark by a point; a cell with a point is then not a number."""
        return cell if self.decimal == "." else cell.replace(".", "?").replace(self.decimal, ".")

    def _inferred(self, cells: Sequence[str]) -> Any:
        """Return the values as pandas infers them from a whole column: numbers, truth values, else texts."""
        present = [cell for cell in cells if cell not in self.missing]
        if all(is_number(self._pointed(cell)) for cell in present):
            return self._parsed(cells, range(len(cells)))
        if not all(cell in TRUTHS for cell in present):
            return self._texts(cells)
        values = [TRUTHS.get(cell, NAN) for cell in cells]
        return np.array(values, bool if len(present) == len(cells) else object)

    def _refuse(self, expected: str, cell: str, line: int) -> NoReturn:
        refused = InputError(f"line {line}, column {self.name!r}: expected {expected}, got {cell[:_SHOWN]!r}")
        refused.add_note(self._remedy(cell))
        raise refused

    def _remedy(self, cell: str) -> str:
        if re.fullmatch(r"[+-]?\d{1,3}([,.' ]\d{3})+([.,]\d+)?|[+-]?\d+,\d+", cell):
            if self.decimal == "." and re.fullmatch(r"[+-]?\d+,\d+", cell):
                return "use --decimal , for a decimal comma; remove thousands separators"
            return "write numbers without thousands separators"
        if not cell.strip():
            return "leave the cell empty where a value is missing"
        return f"correct the cell, or use --na {cell[:_SHOWN]!r} if it means missing"


def _is_whole(cell: str) -> bool:
    return _WHOLE.fullmatch(cell) is not None


def _plain(cells: Sequence[str]) -> np.ndarray | None:
    """Return cells that are all plain numbers; None if one is anything else, or missing."""
    if not _PLAIN.fullmatch("\n".join(cells)):
        return None
    for read in (_whole_array, _floats):
        try:
            return read(cells)
        except ValueError:
            continue
    return None


def _whole_array(cells: Sequence[str]) -> np.ndarray:
    """Return whole numbers in the type that pandas uses: int64, uint64, or float64 if neither fits.

    Raises:
        ValueError: a cell is not a whole number.
    """
    if max(map(len, cells), default=0) > _LONGEST:
        return _floats(cells)
    values = [*map(int, cells)]
    for dtype in (np.int64, np.uint64):
        try:
            return np.array(values, dtype)
        except OverflowError:
            continue
    return _floats(cells)


def _floats(cells: Sequence[str]) -> np.ndarray:
    return np.array([*map(float, cells)])
