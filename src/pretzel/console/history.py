"""The load of the last ten minutes, as points of time series."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pretzel.scraping.metrics import Calls, merged, quantile

WINDOW = 600.0
"""Seconds that are kept."""
MOST_POINTS = 400
MOST_SERIES = 1000
"""Models with a series; the load of further ones is in the total only."""


@dataclass(frozen=True, slots=True)
class Point:
    """The load between two scrapes."""

    at: float
    """Seconds since the epoch, at the end."""
    rate: float = 0.0
    """Calls that succeeded, per second."""
    errors: float = 0.0
    """Calls that failed, per second."""
    mean: float | None = None
    p50: float | None = None
    p99: float | None = None


def point(at: float, seconds: float, calls: Calls) -> Point:
    """Return the load of calls that ended within a number of seconds."""
    if not calls.count:
        return Point(at, 0.0, calls.errors / seconds)
    quantiles = quantile(calls, 0.5), quantile(calls, 0.99)
    return Point(at, calls.count / seconds, calls.errors / seconds, calls.seconds / calls.count, *quantiles)


class Series:
    """Points in order of time, of the last ten minutes."""

    def __init__(self) -> None:
        self._points: deque[Point] = deque(maxlen=MOST_POINTS)

    def add(self, added: Point) -> None:
        """Add a point, and drop those that are too old."""
        self._points.append(added)
        while self._points[0].at < added.at - WINDOW:
            self._points.popleft()

    @property
    def points(self) -> list[Point]:
        """All points, oldest first."""
        return list(self._points)

    @property
    def is_idle(self) -> bool:
        """True if no call ended in the whole time."""
        return not any(one.rate or one.errors for one in self._points)

    @property
    def last(self) -> Point | None:
        """The newest point."""
        return self._points[-1] if self._points else None


class History:
    """The series of the total and of each model that is called."""

    def __init__(self) -> None:
        self.total = Series()
        self._models: dict[str, Series] = {}

    def add(self, at: float, seconds: float, models: Mapping[str, Calls]) -> None:
        """Add the calls of an interval, by model."""
        self.total.add(point(at, seconds, merged(list(models.values()))))
        for name, calls in models.items():
            if (calls.count or calls.errors) and (name in self._models or len(self._models) < MOST_SERIES):
                self._models.setdefault(name, Series())
        for name, series in list(self._models.items()):
            series.add(point(at, seconds, models.get(name) or Calls()))
            if series.is_idle:
                del self._models[name]

    def of(self, model: str) -> Series:
        """Return the series of a model; an empty one if it was not called."""
        return self._models.get(model) or Series()

    def now(self, model: str) -> Point | None:
        """Return the newest point of a model; None if it was not called."""
        return self.of(model).last

    def busiest(self, most: int) -> list[tuple[str, Point]]:
        """Return the models with the highest present rate, then those that were called before."""
        found: Iterable[tuple[str, Point]] = (
            (name, last) for name, series in self._models.items() if (last := series.last) is not None
        )
        return sorted(found, key=lambda item: (-item[1].rate, item[0]))[:most]
