"""Rows of a file as a command sends them, and errors about them in the terms of the file: its lines, its columns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pretzel.client.row_numbers import row_in
from pretzel.errors import InputError

_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_COLUMN = re.compile(rf"{_QUOTED}|(,? ?(?:in )?)column (\d+)\b")
_MISSING = re.compile(r"\b(NaN|nan|missing)\b")
_INFINITE = re.compile(r"\b(infinity|inf)\b")
_CAUSE = re.compile(r"contains (NaN|infinity)|could not convert string|unknown categories")
_INPUT = re.compile(rf"column ({_QUOTED})(?:, |: )")


@contextmanager
def under(label: str, translated: Callable[[str], str] = str) -> Iterator[None]:
    """Put the name of a file before errors about what is in it, which keep their lines of help."""
    try:
        yield
    except InputError as error:
        told = InputError(f"{label}: {translated(str(error))}")
        for note in getattr(error, "__notes__", ()):
            told.add_note(note)
        raise told from error


@dataclass
class Batch:
    """Some rows of a file."""

    X: Any
    """In the form that the model takes."""
    lines: Sequence[int]
    """The line of the file on which each row begins, or its number from 1 where the format has no lines."""
    label: str
    """The name of the file in error messages."""
    unit: str = "line"
    """The unit of ``lines``: line or row."""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """The values of each column, by the name in the file, in the order of the model."""
    inputs: frozenset[str] = frozenset({"X"})
    """Names of the model's inputs that are not names of the file's columns."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lines)

    @contextmanager
    def located(self) -> Iterator[None]:
        """Say errors about rows of the batch as errors about lines and columns of the file."""
        with under(self.label, self.translated):
            try:
                yield
            except InputError as error:
                if "is not a category" in str(error):
                    error.add_note("--no-na says that cells such as NA and None are texts, also empty ones")
                raise

    def translated(self, message: str) -> str:
        """Return a message with the row of the batch replaced by the line, and a column's number by its name."""
        found = row_in(message)
        if found is None or int(found[1]) >= len(self.lines):
            return self._without_input(message)
        row = int(found[1])
        head, tail = message[: found.start()], message[found.end() :]
        return self._without_input(head) + f"{self.unit} {self.lines[row]}" + self._named(tail, message, row)

    def first_cause(self, message: str) -> str:
        """Return where the first value is that a library refuses in this message, which names no row.

        Only messages of scikit-learn that show the value, or its kind, are understood; of others this is empty.
        """
        if _CAUSE.search(message) is None:
            return ""
        lists = {name: list(values) for name, values in self.columns.items()}
        places = (
            (line, name) for i, line in enumerate(self.lines) for name in lists if _is_told(lists[name][i], message)
        )
        place = next(places, None)
        return "" if place is None else f" (the first is in {self.unit} {place[0]}, column {place[1]!r})"

    def _without_input(self, text: str) -> str:
        """Drop the name of an input that the file does not know."""
        name = next(iter(self.columns)) if len(self.columns) == 1 else None

        def replaced(match: re.Match[str]) -> str:
            if match[1][1:-1] not in self.inputs or match[1][1:-1] in self.columns:
                return match[0]
            return f"column {name!r}{match[0][-2:]}" if name else ""

        return _INPUT.sub(replaced, text)

    def _named(self, tail: str, message: str, row: int) -> str:
        """Return what follows a row's number, with the number of a column replaced by names.

        The number counts the columns of a step, which are not those of the file.  So those columns are named that hold
        what the message tells of.
        """
        found = next((match for match in _COLUMN.finditer(tail) if match[2]), None)
        if found is None or not self.columns:
            return tail
        names = [name for name, values in self.columns.items() if _is_told(values[row], message)]
        told = f"{found[1]}column{'s'[: len(names) > 1]} {', '.join(map(repr, names))}" if names else ""
        return tail[: found.start()] + told + tail[found.end() :]


def _is_told(value: Any, message: str) -> bool:
    """Whether a message can be about a value."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return _MISSING.search(message) is not None
    if isinstance(value, float) and math.isinf(value):
        return _INFINITE.search(message) is not None
    shown = {repr(value), f"value {value}"} | ({f"[{value}]", f"{float(value)}"} if _is_number(value) else set())
    return any(text in message for text in shown)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating))
