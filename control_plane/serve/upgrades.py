"""Gives each version a plan for the kernels of this release, and drops the plans of kernels that no worker has."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.kernel_sets import Progress
from pretzel.control_plane.catalog.recompiling import RECOMPILE
from pretzel.control_plane.catalog.work import Task
from pretzel.control_plane.recompile import Recompiler
from pretzel.control_plane.serve.live import LiveWorkers
from pretzel.control_plane.serve.work import Held, TakenError, Works
from pretzel.engine import FIRST_KERNEL_SET, KERNEL_SET, is_kernel_set
from pretzel.errors import InputError
from pretzel.serving.background import Background

LOOK_SECONDS = 5.0
"""Interval between looks for versions that another release has deployed, or that failed for a passing reason."""
_log = structlog.get_logger(part="recompile")


class Upgrades:
    """The upgrade of all versions to the kernels of this control plane.  For one event loop."""

    def __init__(
        self, recompiler: Recompiler, catalog: Catalog, works: Works, live: LiveWorkers, grace_seconds: float
    ) -> None:
        """Keep plans for other kernels as long as a live worker has them, and for ``grace_seconds`` after that."""
        self._recompiler, self._catalog, self._works, self._live = recompiler, catalog, works, live
        self._grace, self._started = grace_seconds, time.monotonic()
        self._watching: Counter[str] = Counter()
        self._seen: dict[str, float] = {}
        self._passed = asyncio.Event()
        self._fresh = True
        self.progress = Progress(0, 0)
        """The progress of the recompilation at the last look."""
        self.recompiled = 0
        """Versions recompiled by this control plane."""

    @property
    def compared(self) -> int:
        """Versions whose recompiled plans were compared with the answers of their deployments."""
        return self._recompiler.compared

    @contextmanager
    def watching(self, kernel_set: str) -> Iterator[str]:
        """Count a worker with some kernels as a watcher while the block runs; the block gets their name.

        Raises:
            InputError: it cannot be the name of kernels.
        """
        kernel_set = kernel_set or FIRST_KERNEL_SET
        if not is_kernel_set(kernel_set):
            raise InputError(f"kernel_set {kernel_set[:80]!r}: expected up to 40 letters, digits and . _ -")
        self._watching[kernel_set] += 1
        try:
            yield kernel_set
        finally:
            self._watching[kernel_set] -= 1
            now = time.monotonic()
            self._seen = {name: at for name, at in self._seen.items() if now - at < self._grace} | {kernel_set: now}

    async def prepared(self, kernel_set: str) -> None:
        """Wait until each version that can have a plan for some kernels has one, so far as this release makes them.

        A worker gets no catalog before that: it would be ready, and replace an older one, without its models.
        """
        if kernel_set == KERNEL_SET:
            await self._passed.wait()

    def close(self) -> None:
        """End every wait: the server is stopping."""
        self._passed.set()

    async def run(self, background: Background) -> None:
        """Recompile what lacks a plan, now and whenever something does, until cancelled."""
        while True:
            done = await self._pass()
            background.well(RECOMPILE)
            await asyncio.sleep(LOOK_SECONDS if done else LOOK_SECONDS / 5)

    async def _pass(self) -> bool:
        """Recompile all versions once; return False if another control plane does so now."""
        await self._look()
        if self.progress.left or (self._fresh and self.progress.failed):
            try:
                async with self._works.held(f"{RECOMPILE} {KERNEL_SET}") as held:
                    await self._recompile_all(held)
            except TakenError:
                return False
            if held.lost.is_set():
                return False
        self._fresh = False
        self._passed.set()
        return True

    async def _look(self) -> None:
        self.progress = await asyncio.to_thread(self._catalog.recompiling.progress, KERNEL_SET)

    async def _recompile_all(self, held: Held) -> None:
        """Recompile one version after another, with pauses, so that deployments have half of the time at least."""
        if self._fresh:
            await asyncio.to_thread(self._catalog.recompiling.forget_failures, KERNEL_SET)
            await self._look()
        _log.info("versions are recompiled", versions=self.progress.left, kernels=KERNEL_SET)
        after, done = ("", 0), 0
        while not held.lost.is_set():
            version = await asyncio.to_thread(self._catalog.recompiling.next, KERNEL_SET, after)
            if version is None:
                break
            began, after = time.monotonic(), (version.model, version.version)
            done += await asyncio.to_thread(self._recompiler.recompile, version, KERNEL_SET, held.task)
            self.progress = Progress(max(self.progress.left - 1, 0), self.progress.failed)
            await asyncio.sleep(time.monotonic() - began)
        self.recompiled += done
        await self._look()
        _log.info("versions were recompiled", versions=done, left=self.progress.left, failed=self.progress.failed)

    async def retire(self, task: Task) -> None:
        """Drop the plans for kernels that no live worker has and none had lately.

        Raises:
            UnavailableError: another control plane has taken over ``task``.
        """
        now = time.monotonic()
        if now - self._started < self._grace:
            return  # workers may come back that this control plane does not know yet
        kept = {worker.kernel_set or FIRST_KERNEL_SET for worker in self._live.alive()}
        kept |= {name for name, count in self._watching.items() if count}
        kept |= {name for name, at in self._seen.items() if now - at < self._grace}
        dropped = await asyncio.to_thread(self._catalog.recompiling.retire, KERNEL_SET, kept, task)
        if dropped:
            _log.info("plans for other kernels were dropped", plans=dropped, kept=sorted({KERNEL_SET, *kept}))
