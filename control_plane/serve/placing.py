"""Keeps the placement of models up to date with the catalog and with the workers that live."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import structlog

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.placement import wishes
from pretzel.control_plane.placement.plan import Placement, place
from pretzel.control_plane.placement.wishes import Kept
from pretzel.control_plane.serve.live import LiveWorkers

PLACING = "placing"
"""The background task, as metrics name it."""
LOOK_SECONDS = 0.5
"""Time between two looks at the catalog and at the workers."""
PAUSE = 20
"""Least time between two readings of the catalog, in times of the last one."""
_log = structlog.get_logger(part="placing")


class Placing:
    """The present placement.  For one event loop."""

    def __init__(self, catalog: Catalog, live: LiveWorkers, spread: int, settle_seconds: float) -> None:
        """Place nothing for ``settle_seconds``: at a start, the workers have not reported yet."""
        self._catalog, self._live, self._spread = catalog, live, spread
        self._begins = time.monotonic() + settle_seconds
        self._kept: list[Kept] = []
        self._revision, self._read_again = -1, 0.0
        self._workers: Mapping[str, Mapping[str, str]] = {}
        self._placed: dict[str, Placement] | None = None

    def of(self, worker: str) -> Placement | None:
        """Return the placement of a worker; None if it is not known yet."""
        return None if self._placed is None else self._placed.get(worker)

    def keeps(self, worker: str, model: str) -> bool:
        """Return whether a worker is to keep a model loaded."""
        placement = self.of(worker)
        return placement is not None and model in placement.models

    async def run(self) -> None:
        """Follow the catalog and the workers until cancelled."""
        await asyncio.sleep(max(0.0, self._begins - time.monotonic()))
        while True:
            await self._look()
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        changed = await self._read() if time.monotonic() >= self._read_again else False
        workers = {worker.name: worker.labels for worker in self._live.alive() if self._live.follows(worker)}
        if changed or self._placed is None or workers != self._workers:
            self._placed = await asyncio.to_thread(place, self._kept, workers, self._spread)
            self._workers = workers
            _log.debug("placed", models=len(self._kept), workers=len(workers))

    async def _read(self) -> bool:
        """Read the catalog if it has changed; return whether the models to place have."""
        if (await asyncio.to_thread(self._catalog.current))[1] == self._revision:
            return False
        began, before = time.monotonic(), self._kept
        self._revision, self._kept = await asyncio.to_thread(wishes.read, self._catalog.database, self._spread)
        self._read_again = time.monotonic() + PAUSE * (time.monotonic() - began)
        return self._kept != before
