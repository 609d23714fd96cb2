"""Cost model of a plan: the estimate from its stages until it has run, then measurements of its own runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from pretzel.data_plane.scheduling.row_costs import RowCosts
from pretzel.plan.values import Csr, Ragged, Texts

FIXED = 512
"""Bytes of input that cost about as much as an empty call."""
TRUSTED = 4
"""Runs after which an estimate is only refreshed every :data:`REFRESH` runs."""
REFRESH = 16
DOUBT = 2.0
"""Factor applied to the estimate of a plan that has never run."""
UNKNOWN = float("inf")
_WEIGHT = 0.25


class Prior(Protocol):
    """Cost estimate before the first run."""

    def seconds(self, rows: int, size: int) -> float:
        """Return the seconds expected for a request of ``rows`` rows and ``size`` bytes."""


class Cost:
    """Seconds of processor time per byte of input, averaged over recent runs."""

    __slots__ = ("_by_rows", "prior", "queued", "rate", "runs", "weight")

    def __init__(self, prior: Prior | None = None) -> None:
        self.prior = prior
        """None if no estimate exists: the first run is then treated as expensive."""
        self.rate = UNKNOWN
        self.runs = 0
        self.queued = 0
        """Requests of this plan that wait for executors or run on them."""
        self.weight = 1.0
        """Share of the threads against other plans whose requests wait."""
        self._by_rows: RowCosts | None = None

    def expected(self, size: int, rows: int = 1) -> float:
        """Return the seconds expected for an input of ``size`` bytes in ``rows`` rows."""
        if self.rate != UNKNOWN or self.prior is None:
            return self.rate * (size + FIXED)
        return DOUBT * self.prior.seconds(rows, size)

    def likely(self, size: int, rows: int = 1) -> float:
        """Return the estimate without the safety factor; the queue orders by it."""
        unmeasured = self.rate == UNKNOWN and self.prior is not None
        return self.expected(size, rows) / (DOUBT if unmeasured else 1.0)

    @property
    def by_rows(self) -> RowCosts:
        """Seconds per row by the rows of a run, of runs on threads that requests may share."""
        if self._by_rows is None:
            self._by_rows = RowCosts()
        return self._by_rows

    @property
    def learns(self) -> bool:
        """True if the next run should be measured; few are, once the estimate is good."""
        self.runs += 1
        return self.runs <= TRUSTED or self.runs % REFRESH == 0

    def learn(self, size: int, seconds: float) -> None:
        """Update the estimate with one measured run."""
        rate = seconds / (size + FIXED)
        self.rate = rate if self.runs <= 2 or self.rate == UNKNOWN else self.rate + _WEIGHT * (rate - self.rate)


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
