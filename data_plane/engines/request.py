"""The request-response engine: a cheap request runs where it arrived, a dear one on an executor thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

from pretzel.data_plane.engines.cost import Cost, size_of
from pretzel.data_plane.engines.policy import Decision, Limits, choose
from pretzel.engine import Executable
from pretzel.errors import DeadlineError, ExhaustedError
from pretzel.kernels.program import Token

Results = dict[str, Any]


class RequestEngine:
    """Runs executables for requests.  Used from the event loop alone."""

    def __init__(self, limits: Limits, threads: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._pool = ThreadPoolExecutor(threads, "executor")
        self.queued = 0

    async def run(
        self,
        executable: Executable,
        cost: Cost,
        columns: Mapping[str, Any],
        outputs: Sequence[str] | None,
        deadline: float = 0.0,
    ) -> Results:
        """Compute ``outputs`` of a request (where None, all that are not optional).

        A ``deadline`` is a time of the clock, 0 none.

        Raises:
            DeadlineError: the deadline passed before the run began, or during it.
            ExhaustedError: too many requests wait.
            InputError, NotFoundError: as :meth:`Executable.run` does.
        """
        size = size_of(columns)
        remaining = deadline - self._clock() if deadline else None
        decision = choose(cost.expected(size), remaining, self.queued, cost.queued, self._limits)
        if decision is Decision.INLINE:
            return _measured(executable, cost, size, columns, outputs, 0.0, None)
        if decision is not Decision.EXECUTE:
            self._refuse(decision)
        return await self._execute(executable, cost, size, columns, outputs, deadline)

    async def _execute(self, executable: Executable, cost: Cost, size: int, *work: Any) -> Results:
        columns, outputs, deadline = work
        token = Token()
        self.queued += 1
        cost.queued += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._pool, self._start, deadline, executable, cost, size, columns, outputs, token
            )
        except asyncio.CancelledError:
            token.cancel()  # what has not started never does; what runs stops between two kernels
            raise
        finally:
            self.queued -= 1
            cost.queued -= 1

    def _start(self, deadline: float, executable: Executable, cost: Cost, size: int, *work: Any) -> Results:
        columns, outputs, token = work
        if deadline and self._clock() >= deadline:
            self._refuse(Decision.LATE)
        return _measured(executable, cost, size, columns, outputs, deadline, token)

    def _refuse(self, decision: Decision) -> NoReturn:
        if decision is Decision.LATE:
            raise DeadlineError("the deadline passed before the request could run")
        if decision is Decision.CROWDED:
            raise ExhaustedError(f"{self._limits.share} requests of this model wait already; retry later")
        raise ExhaustedError(f"{self._limits.queue} requests wait already; retry later")

    def close(self) -> None:
        """Let running requests finish, and start no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _measured(
    executable: Executable,
    cost: Cost,
    size: int,
    columns: Mapping[str, Any],
    outputs: Sequence[str] | None,
    deadline: float,
    token: Token | None,
) -> Results:
    """Run, and learn what it cost in processor time: waiting for the GIL says nothing about the plan."""
    if not cost.learns:
        return executable.run(columns, outputs, deadline=deadline, token=token)
    start = time.thread_time()
    results = executable.run(columns, outputs, deadline=deadline, token=token)
    cost.learn(size, time.thread_time() - start)
    return results
