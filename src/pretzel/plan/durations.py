"""Histograms of the durations of calls, fine enough to compare two versions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

FIRST = 1e-5
"""Upper bound of the first bucket in seconds."""
STEP = 2**0.25
"""Ratio of adjacent bounds: a quantile is wrong by this factor at most."""
BOUNDS = tuple(FIRST * STEP**i for i in range(94))
"""Upper bounds of the buckets, up to 100 s; one more bucket has longer durations."""
BUCKETS = len(BOUNDS) + 1


def bucket(seconds: float) -> int:
    """Return the bucket of a duration."""
    return bisect_left(BOUNDS, seconds)


def quantile(buckets: Sequence[int], part: float) -> float:
    """Return the upper bound of the bucket below which a part of all durations lies; 0 without any."""
    total = sum(buckets)
    if not total:
        return 0.0
    left = part * total
    for i, count in enumerate(buckets):
        left -= count
        if left <= 0:
            return BOUNDS[min(i, len(BOUNDS) - 1)]
    return BOUNDS[-1]
