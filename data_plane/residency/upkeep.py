"""Work that loads and evictions leave behind: objects to exclude from garbage collections, and heap to return.

It is done a moment later, so that the call that caused it gets its answer first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pretzel.serving.heap import settle, trim_heap

SETTLE_LOADS = 16
"""Loads whose objects are excluded from garbage collections together: 10 000 plans are a million objects, and a
collection of those of 16 holds the event loop for half a millisecond."""
TRIM_BYTES = 1 << 20
"""Bytes freed on the heap after which it is returned to the system."""
PAUSE = 0.01
"""Seconds until the work is done: the calls that wait for these loads are answered by then."""


class Upkeep:
    """Counts loads and freed bytes of one event loop, and schedules the work that follows from them."""

    def __init__(self, submit: Callable[[Callable[[], None]], object]) -> None:
        """Count from zero; ``submit`` runs a function on the thread that loads."""
        self._submit = submit
        self._loads = self._freed = 0
        self._timer: asyncio.TimerHandle | None = None

    def loaded(self) -> None:
        """Count a plan that was loaded."""
        self._loads += 1
        if self._loads >= SETTLE_LOADS:
            self._later()

    def freed(self, size: int) -> None:
        """Count bytes of the heap that an eviction freed."""
        self._freed += size
        if self._freed > TRIM_BYTES:
            self._later()

    def close(self) -> None:
        """Leave what is not done."""
        if self._timer is not None:
            self._timer.cancel()

    def _later(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PAUSE, self._work)

    def _work(self) -> None:
        self._timer = None
        if self._loads >= SETTLE_LOADS:
            self._loads = 0
            settle()
        if self._freed > TRIM_BYTES:
            self._freed = 0
            self._submit(trim_heap)
