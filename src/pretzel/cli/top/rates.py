"""Rates and quantiles of the time between two scrapes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pretzel.cli.top.scraping import Scrape, Totals


@dataclass(frozen=True)
class Load:
    """The calls of one model between two scrapes."""

    model: str
    calls_per_second: float
    rows_per_second: float
    errors_per_second: float
    busy: float
    """Seconds of answering per second, over all calls at once."""
    p50: float | None
    """Seconds; None without calls."""
    p99: float | None


def loads(before: Scrape | None, after: Scrape, seconds: float) -> list[Load]:
    """Return the load of each model that was called, the busiest first; since the start without ``before``."""
    earlier = before.models if before else {}
    found = [_load(name, earlier.get(name) or Totals(), totals, seconds) for name, totals in after.models.items()]
    active = [load for load in found if load.calls_per_second or load.errors_per_second]
    return sorted(active, key=lambda load: (-load.busy, -load.errors_per_second, load.model))


def _load(name: str, before: Totals, after: Totals, seconds: float) -> Load:
    # A worker that was restarted or left counts from zero: no rate is negative.
    counts = {bound: max(0.0, count - before.buckets.get(bound, 0.0)) for bound, count in after.buckets.items()}
    return Load(
        name,
        max(0.0, after.calls - before.calls) / seconds,
        max(0.0, after.rows - before.rows) / seconds,
        max(0.0, after.errors - before.errors) / seconds,
        max(0.0, after.seconds - before.seconds) / seconds,
        quantile(counts, 0.50),
        quantile(counts, 0.99),
    )


def quantile(counts: Mapping[float, float], share: float) -> float | None:
    """Return a quantile from cumulative counts by upper bound, linear within a bucket; None without calls.

    Beyond the largest bound that is finite, it is that bound.
    """
    total = max(counts.values(), default=0.0)
    if not total:
        return None
    low = reached = 0.0
    for bound in sorted(counts):
        if counts[bound] >= share * total:
            if math.isinf(bound):
                return low
            within = (share * total - reached) / (counts[bound] - reached) if counts[bound] > reached else 1.0
            return low + (bound - low) * within
        low, reached = bound, counts[bound]
    return low
