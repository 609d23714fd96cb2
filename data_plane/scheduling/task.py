"""A request that waits for an executor thread or runs on one, and its way back to the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pretzel.data_plane.scheduling.policy import Rank
from pretzel.data_plane.scheduling.row_costs import RowCosts

Work = Callable[[float], Any]
"""Does the work of a task; called with the seconds that the task waited."""
Outcome = tuple[Any, BaseException | None]
"""The result of a task, or its error."""


class Gatherable(Protocol):
    """Work that may be done as one with that of other tasks."""

    @property
    def key(self) -> object:
        """Tasks of the same one may run as one; None if this one may not."""

    @property
    def rows(self) -> int:
        """Rows of the request."""

    @property
    def copied(self) -> int:
        """Bytes that a run with others needs besides those of its own."""

    @property
    def deadline(self) -> float:
        """The deadline of the request; 0 for none."""

    @property
    def waits(self) -> bool:
        """True if it is not refused for its wait."""

    @property
    def costs(self) -> RowCosts:
        """Seconds per row."""

    def take_with(self, others: Sequence[Any], waits: Sequence[float]) -> Sequence[Outcome]:
        """Do the work of this one and of others, which waited so many seconds, and return the outcome of each."""


class Task:
    """A waiting or running request."""

    __slots__ = (
        *(
            "alone",
            "arrival",
            "begun",
            "bytes",
            "companions",
            "done",
            "expected",
            "gatherable",
            "key",
            "loop",
            "number",
        ),
        *("own", "rank", "work"),
    )

    def __init__(
        self,
        work: Work,
        expected: float,
        size: int,
        arrival: float,
        number: int,
        rank: Rank,
        key: float,
        gatherable: Gatherable | None = None,
    ) -> None:
        self.work: Work | None = work
        """None once the caller has cancelled."""
        self.expected, self.bytes, self.arrival, self.number = expected, size, arrival, number
        self.key, self.rank = key, rank
        self.own = rank.level, self.key, number
        """Its order within its group, which keeps it if turns are exchanged."""
        self.alone = expected
        """Its own expected seconds, also if others run with it: those are not what makes it expensive."""
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[Any] = self.loop.create_future()
        self.begun = 0.0
        self.gatherable = gatherable
        """None for work that is always done alone."""
        self.companions: Sequence[Task] = ()
        """The tasks that run with this one; its ``expected`` and ``bytes`` are those of all."""

    def remaining(self, now: float) -> float | None:
        """Return the seconds to the deadline; None without one."""
        return self.gatherable.deadline - now if self.gatherable is not None and self.gatherable.deadline else None

    def is_before(self, key: float, rank: Rank | None) -> bool:
        """Return whether it starts before one of this key and rank that comes now."""
        if rank is not None and self.rank.group is rank.group and self.rank.level != rank.level:
            return self.rank.level < rank.level
        return self.key <= key

    @property
    def may_be_refused(self) -> bool:
        """Return whether it may be dropped for its wait."""
        return self.gatherable is not None and not self.gatherable.waits

    def __lt__(self, other: Task) -> bool:
        """Compare by queue key, then by arrival."""
        return (self.key, self.number) < (other.key, other.number)

    def run(self) -> list[tuple[Task, Outcome]]:
        """Do the work, with that of the companions, and return the outcome of each.  Called on an executor thread."""
        tasks = [self, *self.companions]
        waits = [self.begun - task.arrival for task in tasks]
        try:
            if self.companions and self.gatherable is not None:
                others = [task.gatherable for task in self.companions]
                outcomes = self.gatherable.take_with(others, waits)
                return list(zip(tasks, outcomes, strict=True))
            assert self.work is not None
            return [(self, (self.work(waits[0]), None))]
        except BaseException as error:  # every error must reach the callers, and none may end the thread
            return [(task, (None, error)) for task in tasks]

    def settle(self, outcomes: Sequence[tuple[Task, Outcome]]) -> None:
        """Pass the outcomes to the event loop, which wakes once.  Called on an executor thread."""
        try:
            self.loop.call_soon_threadsafe(_set_all, outcomes)
        except RuntimeError:  # the loop is closed, and no caller waits
            pass


def _set_all(outcomes: Sequence[tuple[Task, Outcome]]) -> None:
    for task, (result, error) in outcomes:
        if task.done.done():
            continue
        if error is None:
            task.done.set_result(result)
        else:
            task.done.set_exception(error)
