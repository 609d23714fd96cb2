"""The counts and histograms of one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from pretzel.load.calls import OK
from pretzel.load.histogram import Histogram

_BATCH = 1 << 13
"""Durations that are kept before they are counted together."""


class Series:
    """A histogram that is cheap to add single durations to."""

    def __init__(self) -> None:
        self._histogram = Histogram()
        self._recent: list[float] = []

    def add(self, seconds: float) -> None:
        """Add one duration."""
        self._recent.append(seconds)
        if len(self._recent) >= _BATCH:
            self._count()

    @property
    def histogram(self) -> Histogram:
        """The durations so far."""
        self._count()
        return self._histogram

    def _count(self) -> None:
        self._histogram.add(np.array(self._recent))
        self._recent.clear()


class Tally:
    """What is known of the calls that were due in the measured time."""

    def __init__(self, sizes: Mapping[int, int]) -> None:
        """Take the rows of each request, by its position."""
        self._sizes = sizes
        self.by_rows = {rows: Series() for rows in sizes.values()}
        """Durations of the answers, from the time at which their calls were due, by rows per call."""
        self.failed = Series()
        """The same of the calls that failed."""
        self.late = Series()
        """Seconds from the time at which calls were due until they were sent."""
        self.statuses: Counter[str] = Counter()
        self.messages: dict[str, str] = {}
        """The first message of each status."""
        self.rows = self.bytes = self.unsent = self.held = 0
        self.last = 0.0
        """Time of the last answer."""

    def add(self, kind: int, status: str, seconds: float, message: str = "", size: int = 0) -> None:
        """Count a call that has ended."""
        self.statuses[status] += 1
        if status == OK:
            rows = self._sizes[kind]
            self.by_rows[rows].add(seconds)
            self.rows += rows
            self.bytes += size
        else:
            self.failed.add(seconds)
            self.messages.setdefault(status, message)

    @property
    def answers(self) -> int:
        """Number of calls with an answer."""
        return self.statuses[OK]

    @property
    def failures(self) -> int:
        """Number of calls without one."""
        return self.statuses.total() - self.statuses[OK]

    def latency(self) -> Histogram:
        """Return the durations of all answers together."""
        total = Histogram()
        for series in self.by_rows.values():
            total.merge(series.histogram)
        return total
