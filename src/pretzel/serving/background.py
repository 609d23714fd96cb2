"""Background tasks that run as long as their server: restarted on failure, counted, and reported by name."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from pretzel.errors import brief
from pretzel.serving.backoff import delay

log = structlog.get_logger(__name__)

STEADY = 10.0
"""Seconds after which a task that runs without a failure counts as recovered."""


class Background:
    """The background tasks of one process.  For one event loop."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        """Start without tasks; ``changed`` is called when a task starts to fail or recovers."""
        self.failures: Counter[str] = Counter()
        """Failures of each task; 0 for a task that never failed."""
        self._causes: dict[str, str] = {}
        self._attempts: Counter[str] = Counter()
        self._changed = changed

    @property
    def problems(self) -> Mapping[str, str]:
        """The failing tasks, each with its last error."""
        return self._causes

    async def keep(self, name: str, work: Callable[[], Awaitable[Any]]) -> None:
        """Run ``work`` until it returns; restart it after a failure, with growing delays."""
        self.failures[name] += 0
        while True:
            started = time.monotonic()
            steady = asyncio.get_running_loop().call_later(STEADY, self.well, name)
            try:
                await work()
                return self.well(name)
            except Exception as error:
                if time.monotonic() - started > STEADY:
                    self.well(name)
                self.failed(name, error)
            finally:
                steady.cancel()
            await asyncio.sleep(delay(self._attempts[name] - 1))

    def failed(self, name: str, error: BaseException) -> None:
        """Count a failure of a task; log it if its cause differs from that of the previous failure."""
        self.failures[name] += 1
        self._attempts[name] += 1
        cause = cause_of(error)
        if self._causes.get(name) != cause:
            self._causes[name] = cause
            log.error("a background task failed and is restarted", task=name, error=cause, exc_info=error)
            self._changed()

    def well(self, name: str) -> None:
        """Record that a task works."""
        if self._causes.pop(name, None) is not None:
            self._attempts[name] = 0
            log.warning("a background task has recovered", task=name, failures=self.failures[name])
            self._changed()


def cause_of(error: BaseException) -> str:
    """Return the cause of a failure in one line; of a group, that of its first member."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {brief(error)}" if isinstance(error, Exception) else repr(error)
