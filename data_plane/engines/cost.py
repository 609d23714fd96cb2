"""What a plan costs: learned from its own runs, so that no model of the hardware is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.plan.values import Csr, Ragged, Texts

FIXED = 512
"""Bytes of input that cost about as much as a call with none."""
TRUSTED = 4
"""Runs after which an estimate is only refreshed now and then."""
REFRESH = 16
_WEIGHT = 0.25


class Cost:
    """Seconds of processor time per byte of input, averaged over recent runs."""

    __slots__ = ("queued", "rate", "runs")

    def __init__(self) -> None:
        self.rate = float("inf")  # unknown: the first run is taken for dear
        self.runs = 0
        self.queued = 0
        """Requests of this plan that wait for executors or run on them."""

    def expected(self, size: int) -> float:
        """Return the seconds expected for an input of ``size`` bytes."""
        return self.rate * (size + FIXED)

    @property
    def learns(self) -> bool:
        """Whether the next run should be measured; most are not, once the estimate is good."""
        self.runs += 1
        return self.runs <= TRUSTED or self.runs % REFRESH == 0

    def learn(self, size: int, seconds: float) -> None:
        """Take in one measured run."""
        rate = seconds / (size + FIXED)
        self.rate = rate if self.runs <= 2 else self.rate + _WEIGHT * (rate - self.rate)


def size_of(columns: Mapping[str, Any]) -> int:
    """Return the bytes of a request's columns."""
    return sum(map(_size, columns.values()))


def _size(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, Texts):
        return value.data.nbytes + value.lengths.nbytes
    if isinstance(value, Csr):
        return value.data.nbytes + value.starts.nbytes
    return _size(value.items) + value.starts.nbytes if isinstance(value, Ragged) else 0
