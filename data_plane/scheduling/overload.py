"""Sheds load in front of the executor threads: while waits are too long, the oldest or the newest request is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from pretzel.data_plane.scheduling.policy import Decision, Rank, is_hopeless, patience
from pretzel.data_plane.scheduling.queue import ExecutorQueue
from pretzel.data_plane.scheduling.task import Task

INTERVAL = 0.1
"""Seconds with more waiting work than the bound from which that is an overload, and not a burst."""


class Overload:
    """Decides which requests may wait for the threads of a queue.  For the event loop."""

    def __init__(self, queue: ExecutorQueue, bound: float, clock: Callable[[], float]) -> None:
        """Let requests wait ``bound`` seconds while an overload lasts, or longer if they are long; 0 for any time."""
        self._queue, self._bound, self._clock = queue, bound, clock
        self._calm = clock()
        """Time when all waiting work was last expected to begin within the bound."""
        self._coming = 0.0
        """Seconds of the requests that may wait, and come to the queue in the next round of the event loop."""

    def lasts(self) -> bool:
        """Return whether more work than the bound has waited for some time.  Looked at by each request that comes."""
        if not self._bound:
            return False
        now = self._clock()
        if self._queue.most_backlog() <= self._bound:
            self._calm = now
        if now - self._calm <= INTERVAL:
            return False
        if self._queue.backlog() <= self._bound:  # as far as alike requests run as one
            self._calm = now
        return now > self._calm

    def refuses(self, rank: Rank, expected: float) -> float:
        """Return the expected wait of a request if that is too long in a lasting overload; 0 if it may wait.

        Room is made for it: requests that cannot end before their deadlines are dropped, or one of its group that has
        waited too long itself.
        """
        most = patience(expected, self._bound)
        wait = self._wait(rank, expected)
        if wait > most and self.drop_lost():
            wait = self._wait(rank, expected)
        if wait > most and not self._drop_stale(rank):
            return wait
        self._expect(expected)
        return 0.0

    def drop_lost(self) -> bool:
        """Drop the requests that could not end before their deadlines even now; return whether there were any."""
        now, pace = self._clock(), self._queue.pace

        def lost(waiting: Sequence[Task]) -> list[Task]:
            return [task for task in waiting if is_hopeless(pace.seconds(task.expected), task.remaining(now))]

        tasks = self._queue.withdraw(lost)
        for task in tasks:
            remaining = task.remaining(now) or 0.0
            _settle(task, Decision.HOPELESS if remaining > 0 else Decision.LATE, now, pace.seconds(task.expected))
        return bool(tasks)

    def _drop_stale(self, rank: Rank) -> bool:
        """Drop the request of this group that waits longest, if that is too long; return whether there was one."""
        now = self._clock()

        def stale(waiting: Sequence[Task]) -> list[Task]:
            able = [
                task
                for task in waiting
                if task.rank.group is rank.group
                and task.rank.level >= rank.level
                and task.may_be_refused
                and now - task.arrival > patience(task.expected, self._bound)
            ]
            return [max(able, key=lambda task: (task.rank.level, -task.number))] if able else []

        tasks = self._queue.withdraw(stale)
        for task in tasks:
            _settle(task, Decision.DELAYED, now, now - task.arrival)
        return bool(tasks)

    def _wait(self, rank: Rank, expected: float) -> float:
        wait = self._queue.wait(expected, rank)
        return max(0.0, wait - self._queue.pace.seconds(expected)) + self._coming

    def _expect(self, expected: float) -> None:
        """Count a request that comes to the queue in the next round: others may be admitted before."""
        if not self._coming:
            asyncio.get_running_loop().call_soon(self._forget)
        self._coming += self._queue.pace.seconds(expected) / self._queue.threads

    def _forget(self) -> None:
        self._coming = 0.0


def _settle(task: Task, decision: Decision, now: float, seconds: float) -> None:
    if not task.done.done():
        task.done.set_result((decision, now - task.arrival, (seconds, task.remaining(now))))
