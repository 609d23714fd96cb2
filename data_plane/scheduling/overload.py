"""Sheds load in front of the executor threads: while waits are too long, old and new requests are refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from pretzel.data_plane.scheduling.policy import Decision, Rank, is_hopeless, patience
from pretzel.data_plane.scheduling.queue import ExecutorQueue
from pretzel.data_plane.scheduling.task import Task

INTERVAL = 0.1
"""Seconds with more waiting work than the bound from which that is an overload, and not a burst."""
REPLACED = 2
"""Requests that have waited too long, of which one that comes takes the place: so they become fewer."""
LOOK = 0.005
"""Seconds between two looks at all that waits, each of which takes time in proportion."""


class Overload:
    """Decides which requests may wait for the threads of a queue.  For the event loop."""

    def __init__(self, queue: ExecutorQueue, bound: float, clock: Callable[[], float]) -> None:
        """Let requests wait ``bound`` seconds while an overload lasts, or longer if they are long; 0 for any time."""
        self._queue, self._bound, self._clock = queue, bound, clock
        self._calm = clock()
        """Time when all waiting work was last expected to begin within the bound."""
        self._lasts = False
        self._shed = self._calm - 2 * INTERVAL
        """Time of the last refusal: waits are short because of it, which proves nothing."""
        self._looked = self._swept = self._calm - LOOK
        self._came: Counter[object] = Counter()
        """Requests of each group that are dropped at the next sweep for those that came."""
        self._stale: Counter[object] = Counter()
        """Requests of each group that had waited too long at the last sweep, and are not replaced yet."""
        self._coming = 0.0
        """Seconds of the requests that may wait, and come to the queue in the next round of the event loop."""

    def lasts(self) -> bool:
        """Return whether more work than the bound has waited for some time.  Asked by each request that comes."""
        now = self._clock()
        if self._bound and now - self._looked >= LOOK:
            self._looked = now
            if self._is_calm(now):
                self._calm = now
            self._lasts = now - self._calm > INTERVAL
        return self._lasts

    def refuses(self, rank: Rank, expected: float) -> float:
        """Return the expected wait of a request if that is too long in a lasting overload; 0 if it may wait.

        It takes the place of two of its group that have waited too long themselves, if there are any.
        """
        if self._clock() - self._swept >= LOOK:
            self._sweep()
        if self._stale[rank.group] > 0:
            self._stale[rank.group] -= REPLACED
            self._came[rank.group] += REPLACED
            return 0.0
        most = patience(expected, self._bound)
        wait = self._wait(rank, expected)
        if wait > most and self._came:
            self._sweep()
            wait = self._wait(rank, expected)
        if wait > most:
            self._shed = self._clock()
            return wait
        self._expect(expected)
        return 0.0

    def drop_lost(self) -> bool:
        """Drop the requests that could not end before their deadlines even now; return whether there were any."""
        now = self._clock()
        return bool(self._drop(lambda waiting: [task for task in waiting if self._is_lost(task, now)], now))

    def _wait(self, rank: Rank, expected: float) -> float:
        return max(0.0, self._queue.wait(expected, rank) - self._queue.pace.seconds(expected)) + self._coming

    def _is_calm(self, now: float) -> bool:
        """Return whether what waits should begin within the bound, as far as alike requests run as one, and did."""
        if self._lasts and now - self._shed <= INTERVAL:
            return False
        within = self._queue.most_backlog() <= self._bound or self._queue.backlog() <= self._bound
        return within and not self._queue.any_waits(lambda task: self._is_stale(task, now))

    def _sweep(self) -> None:
        """Drop what could not end in time, and, of each group, the oldest of those that were replaced."""
        now = self._swept = self._clock()
        stale: Counter[object] = Counter()

        def dropped(waiting: Sequence[Task]) -> list[Task]:
            lost = [task for task in waiting if self._is_lost(task, now)]
            late = [task for task in waiting if self._is_stale(task, now) and not self._is_lost(task, now)]
            for task in sorted(late, key=lambda task: (-task.rank.level, task.number)):
                if self._came[task.rank.group] > 0:
                    self._came[task.rank.group] -= 1
                    lost.append(task)
                else:
                    stale[task.rank.group] += 1
            return lost

        self._drop(dropped, now)
        self._came.clear()
        self._stale = stale

    def _drop(self, choose: Callable[[Sequence[Task]], list[Task]], now: float) -> list[Task]:
        tasks = self._queue.withdraw(choose)
        if tasks:
            self._shed = now
        for task in tasks:
            remaining = task.remaining(now)
            if not self._is_lost(task, now):
                _settle(task, Decision.DELAYED, now, now - task.arrival)
            elif remaining is not None and remaining > 0:
                _settle(task, Decision.HOPELESS, now, self._queue.pace.seconds(task.expected))
            else:
                _settle(task, Decision.LATE, now, 0.0)
        return tasks

    def _is_lost(self, task: Task, now: float) -> bool:
        remaining = task.remaining(now)
        late = remaining is not None and remaining <= 0
        return late or is_hopeless(self._queue.pace.seconds(task.expected), remaining)

    def _is_stale(self, task: Task, now: float) -> bool:
        """Return whether a request has waited too long, whatever was expected, and may be refused for that."""
        return task.may_be_refused and now - task.arrival > patience(task.expected, self._bound)

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
