"""The row that the message of an error tells of, counted over a whole input where a server has seen a piece of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate

from pretzel.plan.wire import Value

_ROW = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\b[Rr]ow (\d+)\b")
"""A row, but not in quotes, where messages put what users have written."""


def row_in(message: str) -> re.Match[str] | None:
    """Return where a message tells of a row: ``match[1]`` is its number, from 0."""
    return next((match for match in _ROW.finditer(message) if match[1]), None)


def shifted(message: str, by: int) -> str:
    """Return the message with its row counted from ``by`` rows before."""
    found = row_in(message)
    if found is None:
        return message
    return f"{message[: found.start(1)]}{int(found[1]) + by}{message[found.end(1) :]}"


def beginnings(pieces: Sequence[Mapping[str, Value]]) -> list[int]:
    """Return how many rows stand before each piece."""
    lengths = (len(next(iter(piece.values()))) if piece else 0 for piece in pieces)
    return [0, *accumulate(lengths)][: len(pieces)]
