"""Damaged or missing objects: work over them waits until they have been fetched again, and is then repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

import structlog

from pretzel.data_plane.measure.counters import Tally
from pretzel.errors import CorruptObjectError, NotFoundError, UnavailableError
from pretzel.plan.digest import Digest

log = structlog.get_logger(__name__)
T = TypeVar("T")

REPAIR_SECONDS = 2.0
"""Seconds that a call waits for damaged objects of its model to be fetched again."""


class Trust:
    """Tracks damaged objects.  For one event loop."""

    def __init__(self, tally: Tally, doubt: Callable[[Digest], None]) -> None:
        """Count failures in a tally; ``doubt`` is called with plans that have an unreadable object."""
        self._tally, self._doubt = tally, doubt
        self.distrusted: set[Digest] = set()
        """Objects that are being fetched again."""
        self._doubts = 0
        """Number of damage reports."""
        self._repaired = asyncio.Event()

    def distrust(self, objects: Collection[Digest]) -> None:
        """Make work over these objects wait."""
        self.distrusted |= set(objects)
        self._doubts += 1

    def trust(self, objects: Collection[Digest]) -> None:
        """Resume work over these objects: they were fetched again."""
        self.distrusted -= set(objects)
        self._repaired.set()

    async def wait_for(self, digests: Collection[Digest]) -> None:
        """Wait for objects that are being fetched again, so that calls are delayed instead of failed.

        Raises:
            UnavailableError: they did not arrive in time.
        """
        try:
            async with asyncio.timeout(REPAIR_SECONDS):
                while not self.distrusted.isdisjoint(digests):
                    self._repaired.clear()
                    await self._repaired.wait()
        except TimeoutError:
            raise UnavailableError(
                "an object of this model is damaged on this worker and is being fetched again; retry"
            ) from None

    async def read(self, plans: Collection[Digest], work: Callable[[], Awaitable[T]]) -> T:
        """Run work that reads objects of plans; damaged or missing ones are fetched again, then it is repeated.

        Raises:
            UnavailableError: an object is still damaged or missing, or cannot be read now; another worker may serve.
        """
        names = ", ".join(plan.short for plan in plans)
        try:
            return await self._read_or_repair(plans, work)
        except (CorruptObjectError, NotFoundError) as error:
            raise UnavailableError(f"plan {names}: {error}; it is being fetched again, retry") from error
        except (OSError, MemoryError) as error:  # no descriptor, no memory, a failing disk: these may pass
            self._tally.counts["load_failures"] += 1
            raise UnavailableError(f"plan {names}: cannot be loaded now ({error}); retry") from error

    async def _read_or_repair(self, plans: Collection[Digest], work: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self._undoubted(work)
        except (CorruptObjectError, NotFoundError) as error:
            self._tally.counts["load_failures"] += 1
            log.error("a plan cannot be loaded", plans=list(map(str, plans)), error=str(error))
            self._repaired.clear()
            for plan in plans:
                self._doubt(plan)
            if not await self._is_repaired():
                raise
        return await self._undoubted(work)

    async def _undoubted(self, work: Callable[[], Awaitable[T]]) -> T:
        """Repeat work until no damage is reported meanwhile: it may be in the new maps."""
        while True:
            doubts = self._doubts
            done = await work()
            if self._doubts == doubts:
                return done

    async def _is_repaired(self) -> bool:
        """Wait until objects have been repaired, and return whether that was in time."""
        try:
            await asyncio.wait_for(self._repaired.wait(), REPAIR_SECONDS)
        except TimeoutError:
            return False
        return True
