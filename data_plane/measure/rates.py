"""Rates of a worker's work over a window of time."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from pretzel.data_plane.measure.figures import Done, Figures

SHORTEST = 2.0
"""Least seconds of a window."""
LONGEST = 30.0
ENOUGH = 0.05
"""Seconds of work from which a window may be short; below, the cost of a call would be mostly noise."""


class Rates(NamedTuple):
    """Work per second of all processes together, and what waits now."""

    processor: float
    loop: float
    python: float
    calls: float
    errors: float
    queued: float


class Window:
    """The work of all processes up to each of the last moments."""

    def __init__(self, figures: Figures, now: float) -> None:
        self._figures = figures
        self._rows = figures.read()
        self._totals = [0.0] * len(Done._fields)
        self._moments = deque([(now, self._totals)])

    def rates(self, now: float) -> Rates:
        """Add a moment, and return the rates since the beginning of the window."""
        rows = self._figures.read()
        for before, row in zip(self._rows, rows, strict=True):
            # A process that was restarted begins at zero again.
            self._totals = [
                total + max(new - old, 0.0) for total, new, old in zip(self._totals, row, before, strict=True)
            ]
        self._rows = rows
        moments = self._moments
        moments.append((now, self._totals))
        while len(moments) > 2 and self._suffices(now, *moments[1]):
            moments.popleft()
        begin, totals = moments[0]
        seconds = max(now - begin, 1e-3)
        rates = [(last - first) / seconds for last, first in zip(self._totals, totals, strict=True)]
        rates[-1] = sum(row[-1] for row in rows)
        return Rates(*rates)

    def _suffices(self, now: float, begin: float, totals: list[float]) -> bool:
        seconds, work = now - begin, self._totals[0] - totals[0]
        return seconds >= LONGEST or (seconds >= SHORTEST and work >= ENOUGH)
