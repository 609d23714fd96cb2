"""The request-response engine: a cheap request runs on the event loop, an expensive one on an executor thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.scheduling.cost import UNKNOWN, Cost, size_of
from pretzel.data_plane.scheduling.memory import allowed
from pretzel.data_plane.scheduling.policy import Decision, Facts, Limits, choose, is_hopeless, is_small
from pretzel.data_plane.scheduling.queue import ExecutorQueue
from pretzel.engine import Executable
from pretzel.errors import DeadlineError, ExhaustedError
from pretzel.kernels.program import Token

ASSUMED_SECONDS = 0.1
"""Queue cost of a run without any estimate."""

Results = dict[str, Any]
Pack = Callable[[Results], Any]


@dataclass(slots=True)
class _Run:
    """One request on its way through the engine."""

    executable: Executable
    cost: Cost
    size: int
    """Bytes of its columns."""
    columns: Mapping[str, Any]
    outputs: Sequence[str] | None
    deadline: float
    pack: Pack
    expected: float
    """Seconds of processor time; assumed for a request without an estimate."""
    most: int = 0
    """Bytes that the run may allocate beyond dense numbers; 0 if it allocates nothing else."""

    def compute(self, token: Token) -> Any:
        """Run and measure processor time: time spent waiting for the GIL is not a cost of the plan."""
        self.cost.runs += 1
        start = time.thread_time()
        results = self.executable.run(self.columns, self.outputs, deadline=self.deadline, token=token, most=self.most)
        self.cost.learn(self.size, time.thread_time() - start)
        return self.pack(results)


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
    ) -> None:
        self._limits, self._clock = limits, clock
        self._tally = tally or Tally()
        self._queue = ExecutorQueue(threads, limits.memory, clock)
        self.queued = 0

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
    ) -> Any:
        """Compute ``outputs`` of a request (None: all that are not optional) and return them packed.

        A ``deadline`` is a time of the clock, 0 for none.  ``pack`` runs where the request ran.

        Raises:
            DeadlineError: the deadline passed before or during the run.
            ExhaustedError: the queue is full, the deadline would pass before the end, or the request is too large.
            InputError, NotFoundError: as :meth:`Executable.run` does.
        """
        size = size_of(columns)
        rows, need = executable.need(columns, outputs, size)
        expected = cost.expected(size, rows)
        total = need.total(size)
        if is_small(expected, total, self._limits) and need.answer <= self._limits.answer:
            if deadline and deadline <= self._clock():
                self._reject(Decision.LATE, 0.0, None)
            most = 0 if need.exact else self._limits.memory // (self._queue.threads + 1)
            return pack(_measured(executable, cost, size, columns, outputs, most))  # the rest is for larger ones
        remaining = deadline - self._clock() if deadline else None
        most = allowed(need, size, rows, self._limits, self._queue.threads, self._rejected)
        costs = ASSUMED_SECONDS if expected == UNKNOWN else cost.likely(size, rows)
        wait = self._queue.wait(costs) if remaining is not None else 0.0
        facts = Facts(expected, remaining, total)
        decision = choose(facts, wait, self.queued, cost.queued, self._limits)
        run = _Run(executable, cost, size, columns, outputs, deadline, pack, costs, most)
        if decision is not Decision.EXECUTE:
            self._reject(decision, wait, remaining)
        return await self._execute(run, facts.bytes)

    async def _execute(self, run: _Run, size: int) -> Any:
        token = Token()
        self.queued += 1
        run.cost.queued += 1
        task = self._queue.submit(lambda waited: self._start(run, token, waited), run.expected, size)
        try:
            decision, waited, answer = await task.done
        except asyncio.CancelledError:
            token.cancel()  # a waiting task never starts; a running one stops between two kernels
            self._queue.drop(task)
            raise
        finally:
            self.queued -= 1
            run.cost.queued -= 1
        self._tally.waits.observe(waited)
        if decision is not Decision.EXECUTE:
            self._reject(decision, *answer)
        return answer

    def _start(self, run: _Run, token: Token, waited: float) -> tuple[Decision, float, Any]:
        """Run on a thread, unless the thread was free too late."""
        remaining = run.deadline - self._clock() if run.deadline else None
        takes = self._queue.pace.seconds(run.expected)
        if remaining is not None and remaining <= 0:
            return Decision.LATE, waited, (takes, remaining)
        if self._queue.is_crowded and is_hopeless(takes, remaining):
            return Decision.HOPELESS, waited, (takes, remaining)
        return Decision.EXECUTE, waited, run.compute(token)

    def _rejected(self, reason: str, message: str) -> NoReturn:
        self._tally.rejected[reason] += 1
        raise ExhaustedError(message)

    def _reject(self, decision: Decision, wait: float, remaining: float | None) -> NoReturn:
        if decision is Decision.LATE:
            self._tally.rejected["late"] += 1
            raise DeadlineError("the deadline passed before the request could run; retry with a longer deadline")
        if decision is Decision.CROWDED:
            self._rejected("model_queue", f"{self._limits.share} requests of this model are queued; retry later")
        if decision is Decision.HOPELESS:
            self._rejected(
                "deadline",
                f"the response is expected in {wait * 1000:.0f} ms, {(remaining or 0) * 1000:.0f} ms are left to the "
                "deadline; retry later, on another worker, or with a longer deadline",
            )
        self._rejected("queue", f"{self._limits.queue} requests are queued; retry later")

    def close(self) -> None:
        """Let running requests finish and start no new ones."""
        self._queue.close()
