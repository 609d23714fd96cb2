"""The budget of retries: a small part of a client's calls, so that retries do not feed an overload."""

from __future__ import annotations

import time
from collections.abc import Callable

SHARE = 0.1
"""Retries per call."""
FEW = 10.0
"""Retries that are always possible again after ten seconds, so that a lone call can be repeated."""
MOST = 1000.0
"""Retries that calls without failures save up."""
PER_SECOND = FEW / 10


class RetryBudget:
    """A bucket of tokens, shared by all calls of a client: calls fill it, retries empty it.

    It takes no lock: if two threads change it at once, one change may be lost, which allows one retry more or less.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._tokens, self._since = clock, FEW, clock()

    def earn(self) -> None:
        """Count a call."""
        if self._tokens < MOST:
            self._tokens += SHARE

    def take(self, cost: float = 1.0) -> bool:
        """Count a retry, and return whether it is allowed; one that costs a worker little counts less."""
        now = self._clock()
        if self._tokens < FEW:
            self._tokens = min(FEW, self._tokens + PER_SECOND * (now - self._since))
        self._since = now
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True
