"""The load of each model between two looks at the workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pretzel.scraping.metrics import Calls, Scrape, merged, quantile, since


@dataclass(frozen=True)
class Load:
    """The calls of one model between two looks."""

    model: str
    calls_per_second: float
    rows_per_second: float
    errors_per_second: float
    busy: float
    """Seconds of answering per second, over all calls at once."""
    p50: float | None
    """Seconds; None without calls."""
    p99: float | None


@dataclass(frozen=True)
class Look:
    """The metrics of all workers at one time, by URL."""

    at: float
    """Seconds of the monotonic clock."""
    workers: Mapping[str, Scrape] = field(default_factory=dict)

    def figure(self, name: str) -> float:
        """Return the sum of a gauge over the workers."""
        return sum(worker.figures.get(name, 0.0) for worker in self.workers.values())


def loads(before: Look | None, after: Look, seconds: float) -> list[Load]:
    """Return the load of each model that was called, the busiest first; since the start without ``before``."""
    parts: dict[str, list[Calls]] = {}
    for url, worker in after.workers.items():
        earlier = before.workers.get(url) if before else None
        for model, calls in worker.models.items():
            parts.setdefault(model, []).append(since(calls, earlier.models.get(model) if earlier else None))
    found = [_load(model, merged(calls), seconds) for model, calls in parts.items()]
    active = [load for load in found if load.calls_per_second or load.errors_per_second]
    return sorted(active, key=lambda load: (-load.busy, -load.errors_per_second, load.model))


def _load(model: str, calls: Calls, seconds: float) -> Load:
    return Load(
        model,
        calls.count / seconds,
        calls.rows / seconds,
        calls.errors / seconds,
        calls.seconds / seconds,
        quantile(calls, 0.50),
        quantile(calls, 0.99),
    )
