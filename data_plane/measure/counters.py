"""Counters of one serving process: plain numbers without locks, summed over processes by the supervisor.

Every method runs on the event loop's thread; loads are counted there when they return.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from typing import Any

from pretzel.data_plane.measure.branches import Branches

BOUNDS = (
    *(0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01),
    *(0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""Upper bounds of the histograms' buckets in seconds; one more bucket holds longer ones."""
OTHER = "other"


class Histogram:
    """Number of durations per bucket, and their sum."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


Exemplar = tuple[str, float, float]
"""The trace of a call, its duration, and the time of day at its end."""


class Calls(Histogram):
    """Calls of one method for one model: durations and rows."""

    __slots__ = ("exemplars", "rows")

    def __init__(self) -> None:
        super().__init__()
        self.rows = 0
        self.exemplars: dict[int, Exemplar] = {}
        """By bucket, the last traced call."""

    def exemplify(self, seconds: float, trace: str) -> None:
        """Make a traced call, which was counted, the exemplar of its bucket."""
        self.exemplars[bisect_left(BOUNDS, seconds)] = trace, seconds, time.time()


class LookUps:
    """Look-ups of kept answers of one model."""

    __slots__ = ("hits", "misses")

    def __init__(self) -> None:
        self.hits = self.misses = 0


class Tally:
    """All counters of one process."""

    def __init__(self, models: int = 200) -> None:
        """Start at zero; only the first ``models`` requested models get separate numbers."""
        self._limit = models
        self._names: set[str] = set()
        self._calls: dict[tuple[str, str], Calls] = {}
        self._look_ups: dict[str, LookUps] = {}
        self.errors: Counter[tuple[str, str, str]] = Counter()
        """By method, model and code."""
        self.http: Counter[tuple[str, str]] = Counter()
        """Requests over HTTP/1 by method and status."""
        self.branches = Branches()
        self.loads = Histogram()
        self.waits = Histogram()
        """Time that requests waited for an executor thread."""
        self.rejected: Counter[str] = Counter()
        """Requests that the engine rejected, by reason."""
        self.limits: Counter[str] = Counter()
        """Calls and messages refused by a limit of their caller, by limit."""
        self.counts: Counter[str] = Counter()
        """Other events by name."""

    def label(self, model: str) -> str:
        """Return the label of a model that exists."""
        if model not in self._names:
            if len(self._names) >= self._limit:
                return OTHER
            self._names.add(model)
        return model

    def calls(self, method: str, model: str) -> Calls:
        """Return the numbers of one method for one model, which the caller may keep and update."""
        return self._calls.setdefault((method, self.label(model)), Calls())

    def look_ups(self, model: str) -> LookUps:
        """Return the numbers of one model, which the caller may keep and update."""
        return self._look_ups.setdefault(self.label(model), LookUps())

    @property
    def answered(self) -> int:
        """Calls that succeeded."""
        return sum(sum(calls.buckets) for calls in self._calls.values())

    def error(self, method: str, model: str, code: str) -> None:
        """Count a failed call; a name that never resolved counts as `other`, so that callers cannot make labels."""
        self.errors[method, model if model in self._names else OTHER, code] += 1

    def snapshot(self) -> dict[str, Any]:
        """Return all numbers as plain values."""
        return {
            "calls": [[*key, c.buckets, c.seconds, c.rows] for key, c in self._calls.items()],
            "exemplars": [
                [*key, bucket, *exemplar] for key, c in self._calls.items() for bucket, exemplar in c.exemplars.items()
            ],
            "errors": [[*key, count] for key, count in self.errors.items()],
            "http": [[*key, count] for key, count in self.http.items()],
            "look_ups": {model: [found.hits, found.misses] for model, found in self._look_ups.items()},
            "branches": self.branches.snapshot(),
            "loads": [self.loads.buckets, self.loads.seconds],
            "waits": [self.waits.buckets, self.waits.seconds],
            "limits": dict(self.limits),
            "rejected": dict(self.rejected),
            "counts": dict(self.counts),
        }
