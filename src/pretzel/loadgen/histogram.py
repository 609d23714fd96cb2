"""Histograms of durations in logarithmic buckets: any quantile within 1 % of its value, in fixed memory."""

from __future__ import annotations

import math

import numpy as np

LOWEST, HIGHEST = 1e-7, 1e5
"""Seconds; what is outside counts in the first or the last bucket, and is exact in the maximum."""
WIDTH = math.log1p(0.01)
"""Width of a bucket in the logarithm: a value is at most half of it from the middle."""
BUCKETS = math.ceil(math.log(HIGHEST / LOWEST) / WIDTH)


class Histogram:
    """Counts of durations in seconds."""

    def __init__(self) -> None:
        self.counts = np.zeros(BUCKETS, np.int64)
        self.total, self.longest = 0.0, 0.0

    def __len__(self) -> int:
        """Return the number of durations."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """The mean, exactly; NaN if empty."""
        return self.total / len(self) if len(self) else math.nan

    def add(self, seconds: np.ndarray) -> None:
        """Count durations."""
        if len(seconds):
            places = np.log(np.maximum(seconds, LOWEST) / LOWEST) / WIDTH
            self.counts += np.bincount(np.minimum(places.astype(np.int64), BUCKETS - 1), minlength=BUCKETS)
            self.total += float(seconds.sum())
            self.longest = max(self.longest, float(seconds.max()))

    def merge(self, other: Histogram) -> None:
        """Count what another histogram has counted."""
        self.counts += other.counts
        self.total += other.total
        self.longest = max(self.longest, other.longest)

    def quantile(self, q: float, missing: int = 0) -> float:
        """Return the smallest duration that at least the share ``q`` does not exceed.

        Args:
            q: from 0 to 1.
            missing: further durations that have no end: the result is infinite if it is one of them.
        """
        count = len(self)
        rank = max(1, math.ceil(q * (count + missing) - 1e-9))
        if rank > count:
            return math.inf if missing else math.nan
        if rank == count:
            return self.longest
        place = int(np.searchsorted(np.cumsum(self.counts), rank))
        return min(LOWEST * math.exp((place + 0.5) * WIDTH), self.longest)

    def within(self, seconds: float) -> int:
        """Return the number of durations up to a limit, to the precision of a bucket."""
        if seconds >= self.longest:
            return len(self)
        return int(self.counts[: max(0, int(math.log(max(seconds, LOWEST) / LOWEST) / WIDTH))].sum())
