"""Rows of a file as a command sends them, and errors about them in the terms of the file: its lines, its columns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pretzel.client.places import row_in
from pretzel.errors import InputError

_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_COLUMN = re.compile(rf"{_QUOTED}|(,? ?(?:in )?)column (\d+)\b")
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
    """What the file is called."""
    unit: str = "line"
    """What ``lines`` counts: lines, or rows."""
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
            yield

    def translated(self, message: str) -> str:
        """Return a message with the row of the batch replaced by the line, and a column's number by its name."""
        found = row_in(message)
        if found is None or int(found[1]) >= len(self.lines):
            return self._without_input(message)
        row = int(found[1])
        head, tail = message[: found.start()], message[found.end() :]
        return self._without_input(head) + f"{self.unit} {self.lines[row]}" + self._named(tail, message, row)

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
        return "NaN" in message or "nan" in message or "missing" in message
    if isinstance(value, float) and math.isinf(value):
        return "inf" in message
    shown = {repr(value), f"value {value}"} | ({f"[{value}]", f"{float(value)}"} if _is_number(value) else set())
    return any(text in message for text in shown)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating))
