"""Batches of rows of a file, and errors about them translated to lines and columns of the file."""

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
    """Prefix errors with the name of a file, and keep their lines of help."""
    try:
        yield
    except InputError as error:
        labelled = InputError(f"{label}: {translated(str(error))}")
        for note in getattr(error, "__notes__", ()):
            labelled.add_note(note)
        raise labelled from error


@dataclass
class Batch:
    """Some rows of a file."""

    X: Any
    """The rows in the form that the model takes."""
    lines: Sequence[int]
    """The line of the file at which each row starts, or its number from 1 if the format has no lines."""
    label: str
    """The name of the file in error messages."""
    unit: str = "line"
    """The unit of ``lines``: line or row."""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """The values of each column by its name in the file, in the order of the model."""
    ids: Mapping[str, list[Any]] = field(default_factory=dict)
    """The values of columns that are copied to the output, as they are in the file."""
    inputs: frozenset[str] = frozenset({"X"})
    """Names of the model's inputs that are not names of the file's columns."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lines)

    @contextmanager
    def located(self) -> Iterator[None]:
        """Translate errors about rows of the batch to lines and columns of the file."""
        with under(self.label, self.translated):
            try:
                yield
            except InputError as error:
                if "cat_features must be" in str(error):
                    error.add_note("use --no-na if cells such as NA and None, and empty cells, are texts")
                raise

    def translated(self, message: str) -> str:
        """Return a message with the batch row replaced by the line, and a column number by its name."""
        match = row_in(message)
        if match is None or int(match[1]) >= len(self.lines):
            return self._without_input(message)
        row = int(match[1])
        head, tail = message[: match.start()], message[match.end() :]
        return self._without_input(head) + f"{self.unit} {self.lines[row]}" + self._named(tail, message, row)

    def first_cause(self, message: str) -> str:
        """Return the position of the first value that a library's message, which names no row, can refer to.

        Supports only messages of scikit-learn that show the value or its kind; empty for others.
        """
        if _CAUSE.search(message) is None:
            return ""
        lists = {name: list(values) for name, values in self.columns.items()}
        places = (
            (line, name)
            for i, line in enumerate(self.lines)
            for name in lists
            if _may_refer_to(lists[name][i], message)
        )
        place = next(places, None)
        return "" if place is None else f" (the first is in {self.unit} {place[0]}, column {place[1]!r})"

    def _without_input(self, text: str) -> str:
        """Remove the name of an input that is not in the file."""
        name = next(iter(self.columns)) if len(self.columns) == 1 else None

        def replaced(match: re.Match[str]) -> str:
            if match[1][1:-1] not in self.inputs or match[1][1:-1] in self.columns:
                return match[0]
            return f"column {name!r}{match[0][-2:]}" if name else ""

        return _INPUT.sub(replaced, text)

    def _named(self, tail: str, message: str, row: int) -> str:
        """Return the text after a row's number, with a column number replaced by names.

        The number counts the columns of a step, not of the file, so all columns with a value that the message can
        refer to are named.
        """
        number = next((match for match in _COLUMN.finditer(tail) if match[2]), None)
        if number is None or not self.columns:
            return tail
        names = [name for name, values in self.columns.items() if _may_refer_to(values[row], message)]
        named = f"{number[1]}column{'s'[: len(names) > 1]} {', '.join(map(repr, names))}" if names else ""
        return tail[: number.start()] + named + tail[number.end() :]


def _may_refer_to(value: Any, message: str) -> bool:
    """Return whether a message can refer to a value."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return _MISSING.search(message) is not None
    if isinstance(value, float) and math.isinf(value):
        return _INFINITE.search(message) is not None
    shown = {repr(value), f"value {value}"} | ({f"[{value}]", f"{float(value)}"} if _is_number(value) else set())
    return any(text in message for text in shown)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating))
