"""The counts and histograms of one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pretzel.loadgen.calls import OK, Call
from pretzel.loadgen.histogram import Histogram

_BATCH = 1 << 11
"""Durations that are kept before they are counted together."""


class Tally:
    """The calls that were due in the measured time."""

    def __init__(self, rows: Sequence[int], start: float = 0.0) -> None:
        """Take the rows of each request.

        Args:
            rows: by the position of the request.
            start: the time from which calls are measured.
        """
        self.start = start
        self.statuses: Counter[str] = Counter()
        """Ends of calls; those of answers are counted with the durations."""
        self.messages: dict[str, str] = {}
        """The first message of each status."""
        self.failed, self.late = Histogram(), Histogram()
        """Seconds until calls failed, and until they were sent, from the time at which they were due."""
        self.unsent = self.held = 0
        self.last = start
        """Time of the last answer."""
        self._histograms = {count: Histogram() for count in rows}
        self._recent: dict[int, list[float]] = {count: [] for count in self._histograms}
        self._by_request = [self._recent[count] for count in rows]
        self._lateness: list[float] = []
        self._waiting = 0

    def sent(self, dues: Sequence[float], now: float) -> None:
        """Count calls that were sent together."""
        self._lateness += [now - due for due in dues if due >= self.start]
        if len(self._lateness) >= _BATCH:
            self._count()

    def answered(self, calls: Sequence[Call], now: float) -> None:
        """Count calls that were answered together."""
        start, recent = self.start, self._by_request
        for due, kind in calls:
            if due >= start:
                recent[kind].append(now - due)
        self.last = now
        self._waiting += len(calls)
        if self._waiting >= _BATCH:
            self._count()

    def fail(self, due: float, status: str, message: str, now: float) -> None:
        """Count a call that failed."""
        if due >= self.start:
            self.statuses[status] += 1
            self.messages.setdefault(status, message)
            self.failed.add(np.array([now - due]))

    def _count(self) -> None:
        for rows, recent in self._recent.items():
            self._histograms[rows].add(np.array(recent))
            self.statuses[OK] += len(recent)
            recent.clear()
        self.late.add(np.array(self._lateness))
        self._lateness.clear()
        self._waiting = 0

    def finish(self) -> None:
        """Count what is left."""
        self._count()
        self.statuses += Counter()  # without zeros

    @property
    def answers(self) -> int:
        """Number of calls with an answer."""
        return self.statuses[OK]

    @property
    def failures(self) -> int:
        """Number of calls without one."""
        return self.statuses.total() - self.statuses[OK]

    @property
    def rows(self) -> int:
        """Number of rows answered."""
        return sum(rows * len(histogram) for rows, histogram in self._histograms.items())

    def by_rows(self) -> dict[int, Histogram]:
        """Return the durations of answers, from the time at which their calls were due, by rows per call."""
        return self._histograms

    def latency(self) -> Histogram:
        """Return the durations of all answers together."""
        total = Histogram()
        for histogram in self._histograms.values():
            total.merge(histogram)
        return total
