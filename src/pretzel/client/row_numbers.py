"""Row numbers in error messages, shifted from a piece of an input to the whole input."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate

from pretzel.plan.wire import Value

_ROW = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\b[Rr]ow (\d+)\b")
"""A row number outside quotes: quoted parts of messages are user input."""


def row_in(message: str) -> re.Match[str] | None:
    """Return the match of the first row number in a message: ``match[1]``, from 0."""
    return next((match for match in _ROW.finditer(message) if match[1]), None)


def shifted(message: str, by: int) -> str:
    """Return the message with its row number increased by ``by``."""
    row = row_in(message)
    if row is None:
        return message
    return f"{message[: row.start(1)]}{int(row[1]) + by}{message[row.end(1) :]}"


def first_rows(pieces: Sequence[Mapping[str, Value]]) -> list[int]:
    """Return the number of rows before each piece."""
    lengths = (len(next(iter(piece.values()))) if piece else 0 for piece in pieces)
    return [0, *accumulate(lengths)][: len(pieces)]
