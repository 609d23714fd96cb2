"""Requests with Python stages: they wait for side processes on threads of their own, not on those of the executors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

from pretzel.data_plane.scheduling.memory import allowed
from pretzel.data_plane.scheduling.policy import Limits
from pretzel.errors import DeadlineError
from pretzel.kernels.program import Token

if TYPE_CHECKING:
    from pretzel.data_plane.scheduling.turn import Job

RETRY_SECONDS = 0.5
"""Delay that is suggested to a request that finds a full queue."""


class HopToken(Token):
    """A token that a wait for a side process sees too."""

    cancelled = False

    def cancel(self) -> None:
        """Stop the run, soon."""
        self.cancelled = True
        super().cancel()


class HopQueue:
    """Runs requests one by one, never gathered: foreign code may look at all rows of its call.  For one event loop."""

    def __init__(
        self,
        limits: Limits,
        threads: int,
        processes: int,
        clock: Callable[[], float],
        rejected: Callable[..., NoReturn],
    ) -> None:
        """Run as many requests at once as there are side ``processes``; others wait."""
        self._limits, self._executors, self._clock, self._rejected = limits, threads, clock, rejected
        self._threads = ThreadPoolExecutor(processes, "python-stage")
        self._free = asyncio.Semaphore(processes)
        self.queued = 0

    async def execute(self, job: Job) -> Any:
        """Run a request, and return its response.

        Raises:
            ExhaustedError: the queue is full, or the request is too large.
            DeadlineError: its deadline passed before it ran.
        """
        most = allowed(job.need, job.size, job.rows, self._limits, self._executors, self._rejected)
        if self.queued >= self._limits.queue:
            self._rejected("queue", f"{self.queued} requests with Python stages wait; retry later", RETRY_SECONDS)
        if job.cost.queued >= self._limits.share:
            self._rejected("model_queue", f"{job.cost.queued} requests of this model wait; retry later", RETRY_SECONDS)
        self.queued += 1
        job.cost.queued += 1
        try:
            await self._turn(job.deadline)
            try:
                return await self._run(job, most)
            finally:
                self._free.release()
        finally:
            self.queued -= 1
            job.cost.queued -= 1

    async def _turn(self, deadline: float) -> None:
        try:
            async with asyncio.timeout(deadline - self._clock() if deadline else None):
                await self._free.acquire()
        except TimeoutError:
            raise DeadlineError("the deadline passed before the request could run; retry with a longer one") from None

    async def _run(self, job: Job, most: int) -> Any:
        token = HopToken()
        work = asyncio.get_running_loop().run_in_executor(self._threads, job.compute, token, most)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            token.cancel()
            work.add_done_callback(lambda done: done.cancelled() or done.exception())
            await asyncio.wait([work])  # the place is free once the side process is killed
            raise

    def close(self) -> None:
        """Start no new requests."""
        self._threads.shutdown(wait=False, cancel_futures=True)
