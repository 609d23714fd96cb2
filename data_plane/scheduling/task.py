"""A request that waits for an executor thread or runs on one, and its way back to the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pretzel.data_plane.scheduling.policy import Rank

Work = Callable[[float], Any]
"""Does the work of a task; called with the seconds that the task waited."""


class Task:
    """A waiting or running request."""

    __slots__ = ("arrival", "begun", "bytes", "done", "expected", "key", "loop", "number", "own", "rank", "work")

    def __init__(
        self, work: Work, expected: float, size: int, arrival: float, number: int, rank: Rank, key: float
    ) -> None:
        self.work: Work | None = work
        """None once the caller has cancelled."""
        self.expected, self.bytes, self.arrival, self.number = expected, size, arrival, number
        self.key, self.rank = key, rank
        self.own = rank.level, self.key, number
        """Its order within its group, which keeps it if turns are exchanged."""
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[Any] = self.loop.create_future()
        self.begun = 0.0

    def __lt__(self, other: Task) -> bool:
        """Compare by queue key, then by arrival."""
        return (self.key, self.number) < (other.key, other.number)

    def settle(self, result: Any, error: BaseException | None) -> None:
        """Pass the outcome to the event loop.  Called on an executor thread."""
        try:
            self.loop.call_soon_threadsafe(self._set, result, error)
        except RuntimeError:  # the loop is closed, and no caller waits
            pass

    def _set(self, result: Any, error: BaseException | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(result)
        else:
            self.done.set_exception(error)
