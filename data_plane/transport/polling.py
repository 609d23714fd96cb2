"""Keeps the event loop awake for a moment after a call: a process that sleeps takes long to wake on many machines."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable


class Poller:
    """Polls the sockets of one event loop while the next call is likely to arrive at once.

    It polls after a call if the last gap between calls was short enough for the poll to have met the call, so rare
    calls cost nothing.  Other threads of the core go first, and it does not start while the process has other work.
    """

    def __init__(self, seconds: float, is_idle: Callable[[], bool] = lambda: True) -> None:
        """Poll for at most ``seconds`` after a call, and only if ``is_idle`` returns true; 0 seconds turn this off."""
        self._seconds, self._is_idle = seconds, is_idle
        self._rested = self._until = self._looked = 0.0
        self._is_expecting = self.is_polling = False
        self.polled = 0.0
        """Seconds of polling that met no call: processor time without work."""

    def heard(self, now: float) -> None:
        """Note that bytes were received; ``now`` is by ``time.monotonic()``."""
        self._is_expecting = now - self._rested < self._seconds

    def rest(self) -> None:
        """Note that they are processed, and that their connection has no open call."""
        self._rested = now = time.monotonic()
        if self._is_expecting and self._is_idle():
            self._until = now + self._seconds
            if not self.is_polling:
                self.is_polling = True
                asyncio.get_running_loop().call_soon(self._poll)

    def _poll(self) -> None:
        """Let the event loop look at its sockets without waiting, until the time is over."""
        now = time.monotonic()
        self.polled += now - max(self._rested, self._looked)
        self._looked = now
        if now < self._until and self._is_idle():
            os.sched_yield()
            asyncio.get_running_loop().call_soon(self._poll)
        else:
            self.is_polling = False
