"""Objects that turned out damaged or missing: work over them waits until they were fetched again, and is done anew."""

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

MENDING = 2.0
"""Seconds that a call waits for damaged objects of its model to be fetched again."""


class Trust:
    """Knows which objects are damaged.  For one event loop."""

    def __init__(self, tally: Tally, doubt: Callable[[Digest], None]) -> None:
        """Count failures in a tally; ``doubt`` is told of plans of which an object cannot be read."""
        self._tally, self._doubt = tally, doubt
        self.distrusted: set[Digest] = set()
        """Objects that are being fetched again."""
        self._doubts = 0
        """How often damage was told of."""
        self._mended = asyncio.Event()

    def distrust(self, objects: Collection[Digest]) -> None:
        """Have work over these objects wait."""
        self.distrusted |= set(objects)
        self._doubts += 1

    def trust(self, objects: Collection[Digest]) -> None:
        """Have work over these objects go on: they were fetched anew."""
        self.distrusted -= set(objects)
        self._mended.set()

    async def wait_for(self, digests: Collection[Digest]) -> None:
        """Wait for objects that are being fetched again, so that calls are late and do not fail.

        Raises:
            UnavailableError: they did not come in time.
        """
        try:
            async with asyncio.timeout(MENDING):
                while not self.distrusted.isdisjoint(digests):
                    self._mended.clear()
                    await self._mended.wait()
        except TimeoutError:
            raise UnavailableError(
                "an object of this model is damaged on this worker and is being fetched again; retry"
            ) from None

    async def read(self, plans: Collection[Digest], work: Callable[[], Awaitable[T]]) -> T:
        """Do work that reads objects of some plans; what is damaged or missing is fetched again, and it is done anew.

        Raises:
            UnavailableError: an object is still damaged or missing, or cannot be read now.  Another worker has its own.
        """
        named = ", ".join(plan.short for plan in plans)
        try:
            return await self._read_or_mend(plans, work)
        except (CorruptObjectError, NotFoundError) as error:
            raise UnavailableError(f"plan {named}: {error}; it is being fetched again, retry") from error
        except (OSError, MemoryError) as error:  # no descriptor, no memory, a failing disk: perhaps not for long
            self._tally.counts["load_failures"] += 1
            raise UnavailableError(f"plan {named}: cannot be loaded now ({error}); retry") from error

    async def _read_or_mend(self, plans: Collection[Digest], work: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self._undoubted(work)
        except (CorruptObjectError, NotFoundError) as error:
            self._tally.counts["load_failures"] += 1
            log.error("a plan cannot be loaded", plans=list(map(str, plans)), error=str(error))
            self._mended.clear()
            for plan in plans:
                self._doubt(plan)
            if not await self._is_mended():
                raise
        return await self._undoubted(work)

    async def _undoubted(self, work: Callable[[], Awaitable[T]]) -> T:
        """Work until no damage was told of meanwhile: it may be in what was just mapped."""
        while True:
            doubts = self._doubts
            done = await work()
            if self._doubts == doubts:
                return done

    async def _is_mended(self) -> bool:
        """Wait until something was mended, and return whether it was in time."""
        try:
            await asyncio.wait_for(self._mended.wait(), MENDING)
        except TimeoutError:
            return False
        return True
