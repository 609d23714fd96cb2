"""Everything a control plane is made of, put together from its settings, with the work that goes on by itself."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TextIO

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.collect import Collected, collect
from pretzel.control_plane.deploy import Deployer
from pretzel.control_plane.serve.deployments import Deployments
from pretzel.control_plane.serve.feed import Feed
from pretzel.control_plane.serve.live import LiveWorkers
from pretzel.control_plane.serve.logs import logger
from pretzel.control_plane.serve.metrics import Metrics
from pretzel.control_plane.settings import Settings
from pretzel.control_plane.store import DirectoryStore
from pretzel.control_plane.verify import Limits, Verifier
from pretzel.errors import PreconditionError
from pretzel.plan.digest import Digest

_MISSED_REPORTS = 5
_WRITERS = 4
COLLECT = "collect"
"""The background task that removes what nothing needs, as metrics name it."""
_log = logger("plane")


class Plane:
    """One control plane over one data directory.  Made inside a running event loop."""

    def __init__(self, settings: Settings) -> None:
        """Open, or make, what the data directory holds.

        Raises:
            PreconditionError: another control plane has it open.
        """
        self.settings = settings
        self._lock = _own(settings.data_dir)
        self.metrics = Metrics()
        self.background = self.metrics.background
        self.store = DirectoryStore(settings.data_dir / "objects")
        self.catalog = Catalog(settings.data_dir / "catalog.sqlite")
        self.feed = Feed(self.catalog)
        self.catalog.on_change = self.feed.notify
        self.live = LiveWorkers(settings.report_seconds * _MISSED_REPORTS)
        self.verifier = _verifier(settings)
        self.writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="store")
        self.deployer = Deployer(self.store, self.catalog, self.verifier, self.writers, settings.lease_seconds)
        self.deployments = Deployments(
            self.deployer, self.live, self.metrics, settings.deployments, settings.queued_deployments
        )
        self.metrics.gauge("models", "Models deployed.", self.catalog.count)
        self.metrics.gauge("revision", "Revision of the catalog.", lambda: self.catalog.current()[1])
        self.metrics.gauge("live_workers", "Workers that report.", lambda: len(self.live.alive()))

    def lease(self, digests: Sequence[Digest]) -> None:
        """Keep objects for the usual time."""
        self.catalog.lease(digests, self.settings.lease_seconds)

    def find_missing(self, digests: Sequence[Digest]) -> list[Digest]:
        """Return what is not stored.  The lease comes first: what is then there, stays there."""
        self.lease(digests)
        return self.store.missing(digests)

    async def collect(self) -> Collected:
        """Remove what nothing needs, off the event loop."""
        removed = await asyncio.to_thread(collect, self.store, self.catalog)
        self.metrics.collected_objects.inc(removed.objects)
        self.metrics.collected_bytes.inc(removed.bytes)
        if removed.objects:
            _log.info("collected", objects=removed.objects, bytes=removed.bytes)
        return removed

    async def collect_forever(self) -> None:
        """Collect at once and then ever again; what fails is tried again soon."""
        await self.background.keep(COLLECT, self._collect_often)

    async def _collect_often(self) -> None:
        while True:
            await self.collect()
            self.background.well(COLLECT)
            await asyncio.sleep(self.settings.collect_seconds)

    def close(self) -> None:
        """Stop what is at work and let go of the directory."""
        self.verifier.close()
        self.deployments.close()
        self.writers.shutdown()
        self.catalog.close()
        self._lock.close()


def _verifier(settings: Settings) -> Verifier:
    limits = Limits(settings.verify_memory_bytes, settings.verify_cpu_seconds, settings.verify_seconds)
    return Verifier(limits, settings.deployments, settings.verify_jobs)


def _own(directory: Path) -> TextIO:
    """Take the directory for this process alone, until the file is closed or the process ends."""
    directory.mkdir(parents=True, exist_ok=True)
    file = open(directory / "lock", "a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        owner = file.read().strip() or "?"
        file.close()
        raise PreconditionError(f"data directory {directory}: in use by another control plane (pid {owner})") from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
