"""Traces: files of calls to repeat, one `seconds,model,rows` per line, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pretzel.errors import InputError

HEADER = "seconds,model,rows"


@dataclass(frozen=True, slots=True)
class Trace:
    """The calls of a trace."""

    times: np.ndarray
    """Seconds from the start."""
    kinds: np.ndarray
    """Position of each call's request in ``requests``."""
    requests: tuple[tuple[str, int], ...]
    """The different models and numbers of rows."""

    @property
    def seconds(self) -> float:
        """The time of the last call."""
        return float(self.times[-1])


def read_trace(path: Path) -> Trace:
    """Read a trace; empty lines and a first line of the names of the fields are skipped.

    Raises:
        InputError: it has no call, or a line is malformed or earlier than the one before it.
    """
    times: list[float] = []
    kinds: list[int] = []
    known: dict[tuple[str, int], int] = {}
    for number, line in _lines(path):
        seconds, request = _call(f"{path}: line {number}", line)
        if times and seconds < times[-1]:
            raise InputError(f"{path}: line {number}: {seconds} s is before {times[-1]} s; sort the lines by time")
        times.append(seconds)
        kinds.append(known.setdefault(request, len(known)))
    if not times:
        raise InputError(f"{path}: expected calls as {HEADER}, got none")
    return Trace(np.array(times), np.array(kinds), tuple(known))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with path.open(encoding="utf-8", errors="backslashreplace") as file:
        for number, line in enumerate(file, 1):
            if (text := line.strip()) and not (number == 1 and text == HEADER):
                yield number, text


def _call(place: str, line: str) -> tuple[float, tuple[str, int]]:
    fields = [field.strip() for field in line.split(",")]
    try:
        seconds, model, rows = float(fields[0]), fields[1], int(fields[2])
    except (ValueError, IndexError):
        raise InputError(f"{place}: expected {HEADER}, got {line[:80]!r}") from None
    if len(fields) != 3 or not model or not 0 <= seconds < float("inf") or rows < 1:
        raise InputError(f"{place}: expected seconds >= 0, a model and rows >= 1, got {line[:80]!r}")
    return seconds, (model, rows)
