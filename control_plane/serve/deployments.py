"""Runs deployments off the event loop: bounded concurrency, a bounded queue, and progress as it happens."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

from pretzel.control_plane.deploy import Deployer, Deployment
from pretzel.control_plane.serve.live import LiveWorkers
from pretzel.control_plane.serve.metrics import Metrics
from pretzel.errors import CancelledError, ExhaustedError, PretzelError
from pretzel.plan.model import ModelVersion
from pretzel.serving.heap import collect_if_due, trim_heap

REST_SECONDS = 0.5
"""Seconds without a deployment after which garbage is collected: by then nothing refers to the objects of the last."""
RETRY_SECONDS = 1.0
"""Delay that is suggested to a deployment that found a full queue: small ones take about as long."""


class Deployments:
    """Runs deployments on separate threads.  For one event loop."""

    def __init__(self, deployer: Deployer, live: LiveWorkers, metrics: Metrics, at_once: int, queued: int) -> None:
        self._deployer, self._live, self._metrics = deployer, live, metrics
        self._executor = ThreadPoolExecutor(at_once, thread_name_prefix="deploy")
        self._room = at_once + queued
        self._tasks: set[_Task] = set()

    async def run(self, deployment: Deployment, wait_seconds: float) -> AsyncIterator[str | ModelVersion]:
        """Yield each step as it starts, then the version; wait for live workers for ``wait_seconds``, if not 0.

        A caller that cancels stops its deployment at the next step.

        Raises:
            ExhaustedError: the queue of deployments is full.
            DeadlineError: the version is published, but not all workers have it.
            PreconditionError: the version is published, but a worker reports that it cannot serve it.
        """
        if len(self._tasks) >= self._room:
            error = ExhaustedError(f"{self._room} deployments run or wait already; retry later")
            error.retry_after = RETRY_SECONDS
            raise error
        task = _Task(self._metrics)
        self._tasks.add(task)
        loop = asyncio.get_running_loop()
        run = partial(copy_context().run, self._deployer.deploy, deployment, task.progress)
        future = loop.run_in_executor(self._executor, run)
        future.add_done_callback(lambda done: self._done(task, done))
        try:
            while (step := await task.steps.get()) is not None:
                yield step
            version, revision = await future
            if wait_seconds > 0:
                yield "wait"
                catalog = self._deployer.catalog
                hints = await asyncio.to_thread(catalog.hints.of, deployment.model)
                await self._live.reach(catalog.epoch, revision, wait_seconds, deployment.model, hints)
            yield version
        finally:
            task.cancelled.set()

    def close(self) -> None:
        """Stop running deployments at their next step, and waiting ones at once."""
        for task in self._tasks:
            task.cancelled.set()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _done(self, task: _Task, done: asyncio.Future[tuple[ModelVersion, int]]) -> None:
        self._tasks.discard(task)
        error = CancelledError() if done.cancelled() else done.exception()
        code = "OK" if error is None else error.code if isinstance(error, PretzelError) else "INTERNAL"
        self._metrics.deployments.labels(code).inc()
        task.end()
        if not self._tasks:  # what it compiled and stored has passed through the heap
            loop = asyncio.get_running_loop()
            loop.run_in_executor(None, trim_heap)
            loop.call_later(REST_SECONDS, self._rest)

    def _rest(self) -> None:
        """Collect garbage between deployments, so that it need not be done during one."""
        if not self._tasks:
            collect_if_due()


class _Task:
    """Progress of a deployment; written on its thread, read on the event loop."""

    def __init__(self, metrics: Metrics) -> None:
        self.cancelled = threading.Event()
        self.steps: asyncio.Queue[str | None] = asyncio.Queue()
        self._metrics, self._loop = metrics, asyncio.get_running_loop()
        self._step, self._since = "read", time.perf_counter()

    def progress(self, step: str) -> None:
        if self.cancelled.is_set():
            raise CancelledError(f"deployment: the caller cancelled before the step {step!r}; nothing was published")
        self._time(step)
        self._loop.call_soon_threadsafe(self.steps.put_nowait, step)

    def end(self) -> None:
        self._time("")
        self.steps.put_nowait(None)

    def _time(self, step: str) -> None:
        now = time.perf_counter()
        self._metrics.steps.labels(self._step).observe(now - self._since)
        self._step, self._since = step, now
