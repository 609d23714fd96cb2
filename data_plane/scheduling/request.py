"""The request-response engine: a cheap request runs on the event loop, an expensive one on an executor thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.scheduling.cost import UNKNOWN, Cost, size_of
from pretzel.data_plane.scheduling.hops import HopQueue
from pretzel.data_plane.scheduling.memory import allowed
from pretzel.data_plane.scheduling.overload import Overload
from pretzel.data_plane.scheduling.policy import (
    NORMAL,
    Decision,
    Facts,
    Limits,
    Rank,
    choose,
    is_small,
)
from pretzel.data_plane.scheduling.queue import ExecutorQueue
from pretzel.data_plane.scheduling.task import Task
from pretzel.data_plane.scheduling.turn import Job, Turn
from pretzel.engine import Executable, Helpers
from pretzel.engine.footprint import Need
from pretzel.errors import DeadlineError, ExhaustedError, PretzelError
from pretzel.kernels.program import Token

ASSUMED_SECONDS = 0.1
"""Queue cost of a run without any estimate."""
RETRY_SECONDS = 0.1
"""Shortest delay that is suggested to a request that found a full queue, which has a place when a run ends."""
LONGEST_RETRY = 10.0
ALIKE = 0.001
"""Seconds after a refusal in which requests like it are refused alike: to find the wait of each costs more."""
ELSEWHERE = 0.0
"""Delay for a request that would end too late here: only another worker can be in time."""

Results = dict[str, Any]
Pack = Callable[[Results], Any]


@dataclass(slots=True)
class _Run:
    """A request whose columns are Python values."""

    executable: Executable
    cost: Cost
    size: int
    rows: int
    need: Need
    columns: Mapping[str, Any]
    outputs: Sequence[str] | None
    deadline: float
    pack: Pack
    level: int
    waits: bool
    program: object = None
    """It runs alone."""

    def compute(self, token: Token, most: int, helpers: Helpers | None = None) -> Any:
        """Run and measure processor time: time spent waiting for the GIL is not a cost of the plan."""
        self.cost.runs += 1
        start = time.thread_time()
        results = self.executable.run(
            self.columns, self.outputs, deadline=self.deadline, token=token, most=most, helpers=helpers
        )
        self.cost.learn(self.size, time.thread_time() - start + (helpers.helped if helpers else 0.0))
        return self.pack(results)

    def compute_with(self, others: Sequence[Any], token: Token, deadline: float) -> NoReturn:
        """Raise, as such requests run alone."""
        raise NotImplementedError("requests of Python values run alone")


def _measured(
    executable: Executable, cost: Cost, size: int, columns: Mapping[str, Any], outputs: Sequence[str] | None, most: int
) -> Results:
    """Run on the event loop and measure some of the runs."""
    if not cost.learns:
        return executable.run(columns, outputs, most=most)
    start = time.thread_time()
    results = executable.run(columns, outputs, most=most)
    cost.learn(size, time.thread_time() - start)
    return results


def unpacked(results: Results) -> Results:
    """Return results unchanged."""
    return results


class RequestEngine:
    """Runs executables for requests.  Call it from the event loop only."""

    def __init__(
        self,
        limits: Limits,
        threads: int,
        clock: Callable[[], float] = time.monotonic,
        tally: Tally | None = None,
        processes: int = 1,
        gather_rows: int = 0,
    ) -> None:
        """Run on ``threads``; requests with Python stages on as many others as there are side ``processes``.

        Requests of one plan that wait run as one, up to ``gather_rows``.
        """
        self.limits, self.gather_rows, self._clock = limits, gather_rows, clock
        self._tally = tally or Tally()
        self._queue = ExecutorQueue(threads, limits.memory, clock, gather_rows)
        self._overload = Overload(self._queue, limits.delay, clock)
        self._refused: tuple[Any, float, ExhaustedError | None] = None, 0.0, None
        """The last request that was refused for its wait, until when others like it are, and their error."""
        self._hopping = HopQueue(limits, threads, processes, clock, self._rejected)
        self.queued = 0

    @property
    def share(self) -> int:
        """Bytes that one run whose need is an estimate may allocate."""
        return self.limits.memory // (self._queue.threads + 1)

    @property
    def bytes(self) -> int:
        """Bytes that running requests have reserved."""
        return self._queue.held

    def start(self) -> None:
        """Start the threads now, so that a later shortage cannot prevent it."""
        self._queue.start()

    async def run(
        self,
        executable: Executable,
        cost: Cost,
        columns: Mapping[str, Any],
        outputs: Sequence[str] | None,
        deadline: float = 0.0,
        pack: Pack = unpacked,
        level: int = NORMAL,
        *,
        waits: bool = False,
    ) -> Any:
        """Compute ``outputs`` of a request (None: all that are not optional) and return them packed.

        A ``deadline`` is a time of the clock, 0 for none.  ``pack`` runs where the request ran.  ``level`` orders
        requests of the same model that wait.  One that ``waits`` is not refused for its wait.

        Raises:
            DeadlineError: the deadline passed before or during the run.
            ExhaustedError: the queue is full, the deadline would pass before the end, or the request is too large.
            InputError, NotFoundError: as :meth:`Executable.run` does.
        """
        size = size_of(columns)
        rows, need = executable.need(columns, outputs, size)
        if getattr(executable, "hops", ()):
            run = _Run(executable, cost, size, rows, need, columns, outputs, deadline, pack, level, waits)
            return await self._hopping.execute(run)
        total = need.total(size)
        if is_small(cost.expected(size, rows), total, self.limits) and need.answer <= self.limits.answer:
            if deadline and deadline <= self._clock():
                raise self._error(Decision.LATE, 0.0, None)
            most = 0 if need.exact else self.share
            return pack(_measured(executable, cost, size, columns, outputs, most))
        run = _Run(executable, cost, size, rows, need, columns, outputs, deadline, pack, level, waits)
        return await self.execute(run)

    def refusal(self, cost: Cost, size: int, rows: int, level: int = NORMAL) -> ExhaustedError | None:
        """Return the error of a request that would wait too long for a thread; None if it is to be executed."""
        if not self._overload.lasts():
            return None
        expected, now = self._seconds(cost, size, rows), self._clock()
        like = cost, level, expected
        if like == self._refused[0] and now < self._refused[1]:
            self._tally.rejected["wait"] += 1
            return self._refused[2]
        wait = self._overload.refuses(Rank(cost, level, cost.weight), expected)
        if not wait:
            return None
        error = self._delayed(wait)
        self._refused = like, now + ALIKE, error
        return error

    async def execute(self, job: Job, *, admitted: bool = False) -> Any:
        """Run a request that is too large for the event loop, on a thread, and return its response.

        One that is ``admitted`` has no :meth:`refusal`.

        Raises:
            DeadlineError, ExhaustedError: as :meth:`run` does.
        """
        cost, total = job.cost, job.need.total(job.size)
        remaining = job.deadline - self._clock() if job.deadline else None
        most = allowed(job.need, job.size, job.rows, self.limits, self._queue.threads, self._rejected)
        expected = cost.expected(job.size, job.rows)
        costs, rank = self._seconds(cost, job.size, job.rows), Rank(cost, job.level, cost.weight)
        wait = self._queue.wait(costs, rank) if remaining is not None else 0.0
        facts = Facts(expected, remaining, total)
        decision = choose(facts, wait, self.queued, cost.queued, self.limits)
        if decision is Decision.HOPELESS and self._overload.drop_lost():
            wait = self._queue.wait(costs, rank)
            decision = choose(facts, wait, self.queued, cost.queued, self.limits)
        if decision is not Decision.EXECUTE:
            raise self._error(decision, wait, remaining)
        if not (admitted or job.waits) and (error := self.refusal(cost, job.size, job.rows, job.level)):
            raise error.with_traceback(None)  # it is raised for others too
        further = job.need.further * (self._queue.threads - 1)
        if total + further > self.limits.memory:
            return await self._execute(job, costs, most, total, 1)
        return await self._execute(job, costs, most, total + further, self._queue.threads)

    def _seconds(self, cost: Cost, size: int, rows: int) -> float:
        """Return the seconds of a request by which the queue orders."""
        return ASSUMED_SECONDS if cost.expected(size, rows) == UNKNOWN else cost.likely(size, rows)

    async def _execute(self, job: Job, expected: float, most: int, size: int, width: int) -> Any:
        self.queued += 1
        job.cost.queued += 1
        rank = Rank(job.cost, job.level, job.cost.weight)
        turn = Turn(job, expected, most, width, self._queue, self._clock)
        task = self._queue.submit(turn, expected, size, rank, turn)
        try:
            decision, waited, answer = await task.done
        except asyncio.CancelledError:
            turn.cancel()  # a waiting task never starts; a running one stops between two kernels
            self._queue.drop(task)
            raise
        finally:
            self.queued -= 1
            job.cost.queued -= 1
            self._count(task)
        self._tally.waits.observe(waited)
        if decision is not Decision.EXECUTE:
            raise self._error(decision, *answer)
        return answer

    def _count(self, task: Task) -> None:
        """Count a run of several requests once, for the first of them."""
        if task.companions:
            rows = [each.gatherable.rows for each in (task, *task.companions) if each.gatherable]
            self._tally.counts["gathered_runs"] += 1
            self._tally.counts["gathered_requests"] += len(rows)
            self._tally.counts["gathered_rows"] += sum(rows)

    def _rejected(self, reason: str, message: str, retry_after: float | None = None) -> NoReturn:
        raise self._exhausted(reason, message, retry_after)

    def _exhausted(self, reason: str, message: str, retry_after: float | None) -> ExhaustedError:
        self._tally.rejected[reason] += 1
        error = ExhaustedError(message)
        error.retry_after = retry_after
        return error

    def _delayed(self, wait: float) -> ExhaustedError:
        message = (
            f"this worker is overloaded: the request waits {wait * 1000:.0f} ms for a thread, where "
            f"{self.limits.delay * 1000:g} ms are allowed (shed_after_seconds); retry later, or on another worker"
        )
        return self._exhausted("wait", message, min(max(RETRY_SECONDS, wait), LONGEST_RETRY))

    def _error(self, decision: Decision, wait: float, remaining: float | None) -> PretzelError:
        """Return the error of a rejection, counted."""
        if decision is Decision.LATE:
            self._tally.rejected["late"] += 1
            return DeadlineError("the deadline passed before the request could run; retry with a longer deadline")
        if decision is Decision.CROWDED:
            message = f"{self.limits.share} requests of this model are queued; retry later"
            return self._exhausted("model_queue", message, self._retry_after())
        if decision is Decision.DELAYED:
            return self._delayed(wait)
        if decision is Decision.HOPELESS:
            message = (
                f"the response is expected in {wait * 1000:.0f} ms, {(remaining or 0) * 1000:.0f} ms are left to the "
                "deadline; retry later, on another worker, or with a longer deadline"
            )
            return self._exhausted("deadline", message, ELSEWHERE)
        return self._exhausted("queue", f"{self.limits.queue} requests are queued; retry later", self._retry_after())

    def _retry_after(self) -> float:
        """Return the seconds until a place in the queue should be free."""
        return min(max(RETRY_SECONDS, self._queue.relief()), LONGEST_RETRY)

    def close(self) -> None:
        """Let running requests finish and start no new ones."""
        self._queue.close()
        self._hopping.close()
