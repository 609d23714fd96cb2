"""Holds leases on work that one control plane does at a time, and renews them while the work runs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from pretzel.control_plane.catalog.work import Task, Work
from pretzel.errors import UnavailableError

LEASE_SECONDS = 15.0
"""Time after which another control plane takes over the work of one that was killed."""
_RETRY_SECONDS = 0.25
_log = structlog.get_logger(part="work")


class TakenError(UnavailableError):
    """Another control plane does the work now."""


class Held:
    """A lease that is renewed until it is lost."""

    def __init__(self, task: Task) -> None:
        self.task = task
        """The lease, which the transactions of the work check."""
        self.lost = threading.Event()
        """Set once another control plane may have taken over; the work stops as soon as it can."""


class Works:
    """The work of this control plane that needs leases.  For one event loop."""

    def __init__(self, work: Work, seconds: float = LEASE_SECONDS) -> None:
        """Take leases of so many seconds."""
        self._work, self._seconds = work, seconds
        self._here: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def held(self, name: str, patience: float = 0.0) -> AsyncIterator[Held]:
        """Hold the lease on a piece of work while the block runs; wait for it for ``patience`` seconds.

        Raises:
            TakenError: another control plane has it.
            UnavailableError: the database cannot be reached.
        """
        async with self._here[name]:
            held = Held(await self._taken(name, patience))
            renewing = asyncio.create_task(self._renew(held))
            try:
                yield held
            finally:
                renewing.cancel()
                with suppress(UnavailableError):  # it expires
                    await asyncio.to_thread(self._work.give_back, held.task)

    async def _taken(self, name: str, patience: float) -> Task:
        end = time.monotonic() + patience
        while (task := await asyncio.to_thread(self._work.take, name, self._seconds)) is None:
            if time.monotonic() >= end:
                raise TakenError(f"{name}: another control plane does it now; retry in a moment")
            await asyncio.sleep(_RETRY_SECONDS)
        return task

    async def _renew(self, held: Held) -> None:
        lasts = time.monotonic() + self._seconds
        while time.monotonic() < lasts:
            await asyncio.sleep(self._seconds / 3)
            began = time.monotonic()
            try:
                if not await asyncio.to_thread(self._work.renew, held.task, self._seconds):
                    break
            except UnavailableError:
                continue
            lasts = began + self._seconds
        held.lost.set()
        _log.warning("the lease was lost, and the work stops", work=held.task.name)
