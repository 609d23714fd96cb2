"""The waiting work of each group of requests, which decides the turn of its next one."""

from __future__ import annotations

import math

from pretzel.data_plane.scheduling.policy import CHEAPER, Rank, priority

ROUNDING = 1e-9
"""Seconds: what is left of a backlog after its last request."""
_NONE = (0.0, 0.0, math.inf)
ANY_SIZE = math.inf


class Backlogs:
    """Expected seconds of the waiting requests of each group, and the key of the one that came last."""

    def __init__(self) -> None:
        self._groups: dict[object, tuple[float, float, float]] = {}  # seconds; key and size of the last
        self.seconds = 0.0
        """Expected seconds of all waiting requests."""

    def key(self, arrival: float, expected: float, size: float, rank: Rank) -> float:
        """Return the queue key of a request of ``size`` bytes that arrives now.

        It is not before the last one of its group, unless it is much smaller: a backlog that shrinks, or a first
        estimate that was too high, would let it pass.
        """
        seconds, last, its = self._groups.get(rank.group, _NONE)
        key = priority(arrival, expected, seconds / rank.weight)
        return max(key, last) if size * CHEAPER >= its else key

    def add(self, rank: Rank, key: float, expected: float, size: float) -> None:
        """Count a request that begins to wait."""
        seconds, _, _ = self._groups.get(rank.group, _NONE)
        self._groups[rank.group] = seconds + expected, key, size
        self.seconds += expected

    def remove(self, rank: Rank, expected: float) -> None:
        """Count a request no more."""
        seconds, key, its = self._groups.pop(rank.group, _NONE)
        if seconds - expected > ROUNDING:
            self._groups[rank.group] = seconds - expected, key, its
        self.seconds = self.seconds - expected if self._groups else 0.0
