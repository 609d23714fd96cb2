"""Measures the peak rates of one core of this machine, from which lower bounds of times are computed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from threadpoolctl import threadpool_limits

TRIES = 7
NEAR = 1 << 18
"""Bytes that fit in a cache, but enough to make the overhead of a NumPy call negligible."""
MIDDLE = 1 << 20
"""Larger blocks are charged at the rate of memory."""
FAR = 1 << 25
SIDE = 384
"""The side of the square matrices to multiply."""


@dataclass(frozen=True)
class Machine:
    """Seconds of each kind of work if everything else is free."""

    near_byte: float
    """To read or write a byte of a block in a cache."""
    far_byte: float
    """To read or write a byte of a block in memory."""
    probe: float
    """Per probe of a table in a cache, independent of the previous probe."""
    compare: float
    """Per comparison of two numbers in a cache, vectorized."""
    multiply_add: float
    """Per multiply-add in float64, vectorized."""

    def bytes(self, count: float) -> float:
        """Return the seconds to touch so many bytes once."""
        return count * (self.near_byte if count <= MIDDLE else self.far_byte)


@cache
def calibrated() -> Machine:
    """Measure the machine once per process; the best of several tries, because noise only slows it down."""
    with threadpool_limits(1):
        return Machine(_copied(NEAR), _copied(FAR), _probed(), _compared(), _multiplied())


def _best(call: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(TRIES):
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        times.append((time.perf_counter() - start) / repeats)
    return min(times)


def _copied(size: int) -> float:
    source, target = np.ones(size // 16), np.zeros(size // 16)  # half the bytes are read, half are written
    return _best(lambda: np.copyto(target, source), max(1, FAR // size // 16)) / size


def _probed() -> float:
    places = np.random.default_rng(0).integers(0, MIDDLE // 16, 4096)
    table, values = np.ones(MIDDLE // 16), np.zeros(len(places))
    return _best(lambda: table.take(places, out=values, mode="wrap"), 20) / len(places)


def _compared() -> float:
    left, right, less = np.ones(NEAR // 16), np.zeros(NEAR // 16), np.zeros(NEAR // 16, bool)
    return _best(lambda: np.less(left, right, out=less), 50) / len(left)


def _multiplied() -> float:
    left, out = np.ones((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    return _best(lambda: np.matmul(left, left, out=out), 1) / SIDE**3
