"""What this machine's one core can do at best, measured in some milliseconds: the constants of the floors."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from threadpoolctl import threadpool_limits

TRIES = 7
NEAR = 1 << 18
"""Bytes that lie in a cache, and so many that a call of NumPy costs nothing beside them."""
MIDDLE = 1 << 20
"""What is larger is charged at the rate of memory."""
FAR = 1 << 25
SIDE = 384
"""Of the square matrices that are multiplied."""


@dataclass(frozen=True)
class Machine:
    """Seconds of each kind of work where everything else is free."""

    near_byte: float
    """Read or written, of a block that a cache holds."""
    far_byte: float
    """The same, of a block in memory."""
    probe: float
    """Of a table in a cache, at a place that does not depend on the probe before."""
    compare: float
    """Of two numbers in a cache, many at once."""
    multiply_add: float
    """In float64, many at once."""

    def bytes(self, count: float) -> float:
        """Return the seconds to touch that many bytes once."""
        return count * (self.near_byte if count <= MIDDLE else self.far_byte)


@cache
def calibrated() -> Machine:
    """Measure the machine, once a process; the best of several tries, since nothing else makes work fast."""
    with threadpool_limits(1):
        return Machine(_copied(NEAR), _copied(FAR), _probed(), _compared(), _multiplied())


def _best(call: Callable[[], object], repeats: int) -> float:
    found = []
    for _ in range(TRIES):
        begin = time.perf_counter()
        for _ in range(repeats):
            call()
        found.append((time.perf_counter() - begin) / repeats)
    return min(found)


def _copied(size: int) -> float:
    source, target = np.ones(size // 16), np.zeros(size // 16)  # half the bytes are read and half are written
    return _best(lambda: np.copyto(target, source), max(1, FAR // size // 16)) / size


def _probed() -> float:
    places = np.random.default_rng(0).integers(0, MIDDLE // 16, 4096)
    table, found = np.ones(MIDDLE // 16), np.zeros(len(places))
    return _best(lambda: table.take(places, out=found, mode="wrap"), 20) / len(places)


def _compared() -> float:
    left, right, less = np.ones(NEAR // 16), np.zeros(NEAR // 16), np.zeros(NEAR // 16, bool)
    return _best(lambda: np.less(left, right, out=less), 50) / len(left)


def _multiplied() -> float:
    left, out = np.ones((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    return _best(lambda: np.matmul(left, left, out=out), 1) / SIDE**3
