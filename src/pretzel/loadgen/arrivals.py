"""Times at which calls are due, in seconds from the start: ascending blocks, the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from pretzel.errors import InputError

BLOCK = 1 << 11
"""Times per block: memory does not grow with the length of a run, and drawing a block delays no call."""
KINDS = ("poisson", "even", "bursts")


def times_of(kind: str, rate: float, seconds: float, burst: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Return the blocks of a kind of arrivals.

    Args:
        kind: ``poisson`` (independent calls), ``even`` (a constant distance) or ``bursts`` (``burst`` calls at once,
            at independent times).
        rate: calls per second, on average.
        seconds: the end; a time is below it.
        burst: calls per burst.
        random: the source of chance.

    Raises:
        InputError: the kind is another, or the rate is not positive.
    """
    if not (rate > 0 and math.isfinite(rate)):
        raise InputError(f"rate {rate}: expected calls per second above 0")
    match kind:
        case "poisson":
            return poisson(rate, seconds, random)
        case "even":
            return even(rate, seconds)
        case "bursts":
            return (np.repeat(times, burst) for times in poisson(rate / burst, seconds, random))
    raise InputError(f"arrivals {kind!r}: expected {', '.join(KINDS)}")


def poisson(rate: float, seconds: float, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield times whose distances are independent and exponential."""
    last = 0.0
    while last < seconds:
        times = last + np.cumsum(random.exponential(1 / rate, BLOCK))
        last = float(times[-1])
        yield times[: np.searchsorted(times, seconds)]


def even(rate: float, seconds: float) -> Iterator[np.ndarray]:
    """Yield times of one distance."""
    count = math.ceil(seconds * rate)
    for first in range(0, count, BLOCK):
        times = np.arange(first, min(first + BLOCK, count)) / rate
        yield times[: np.searchsorted(times, seconds)]
