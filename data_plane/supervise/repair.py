"""Repair of damage in a cache that is in use: find it, report it to the serving processes, fetch the objects again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

import structlog

from pretzel.data_plane.cache.scrub import Scrubber
from pretzel.data_plane.pull.puller import Puller
from pretzel.plan.digest import Digest

log = structlog.get_logger(__name__)

WATCH_SECONDS = 0.5
"""Time between checks for files that another program wrote to."""
WATCH_PAUSE = 20
"""Least time between two such checks in times of the last one, which looks at every file."""
REST_SECONDS = 10.0
"""Time between two passes over all objects."""


class Repairer:
    """Finds damaged objects and has them replaced.

    Serving processes hear of damage before it is repaired, and drop every plan over it; calls of those plans wait, for
    a bounded time, until the objects are back.
    """

    def __init__(
        self,
        scrubber: Scrubber,
        puller: Puller,
        broadcast: Callable[..., Any],
        announce: Callable[..., Any],
    ) -> None:
        """Find damage with ``scrubber`` and fetch with ``puller``.

        ``broadcast`` sends to all serving processes, ``announce`` also to those that start later.
        """
        self.scrubber, self._puller, self._broadcast, self._announce = scrubber, puller, broadcast, announce
        self.damaged: set[Digest] = set()
        """Objects that are being fetched again."""
        self._replacing: set[asyncio.Task[None]] = set()
        self._checked = asyncio.Event()
        """Set once all objects were checked since the start."""

    async def doubt(self, plan: Digest) -> None:
        """Check a plan that a process could not load, with its objects, and replace what is damaged."""
        objects = self._puller.objects_of(plan)
        await self._check(objects)
        if self.damaged.isdisjoint(objects):
            self._broadcast("mended", objects=list(map(str, objects)))

    async def suspect(self, plans: Collection[Digest]) -> bool:
        """Check the plans that a crashed process had in memory, and return whether any of it is damaged.

        Files that another program wrote to are checked first; an object that is being replaced already is cause enough.
        """
        if await self._report(await asyncio.to_thread(self.scrubber.touched)):
            return True
        objects = {digest for plan in plans for digest in self._puller.objects_of(plan)}
        if not self.damaged.isdisjoint(objects):
            return True
        return await self._check(objects or await asyncio.to_thread(self._puller.needed))

    async def watch(self) -> None:
        """Check what an earlier run stored, then periodically look for files that another program wrote to.

        Until the first is done, serving processes hash what they map.
        """
        await self._check_each(self.scrubber.first())
        self._checked.set()
        while True:
            began, start = time.time(), time.monotonic()
            if await self._report(await asyncio.to_thread(self.scrubber.touched)):
                await self._expel()
            self._announce("vouched", time=began)  # after the damage: a process drops that first
            await self._puller.keep_again()
            await asyncio.sleep(max(WATCH_SECONDS, WATCH_PAUSE * (time.monotonic() - start)))

    async def scrub(self) -> None:
        """Read all objects periodically, at the bounded rate."""
        await self._checked.wait()
        while self.scrubber.is_on:
            await self._check_each(self.scrubber.all())
            await self._expel()
            await asyncio.sleep(REST_SECONDS)
        await asyncio.Event().wait()

    async def _check_each(self, damages: Iterator[Digest]) -> None:
        while (damaged := await asyncio.to_thread(next, damages, None)) is not None:
            await self._report([damaged])

    async def _expel(self) -> None:
        await self._report(await asyncio.to_thread(self.scrubber.expel))

    def problems(self) -> list[str]:
        """Return the present problems, one sentence each."""
        if not self.damaged:
            return []
        first = min(self.damaged)
        return [f"{len(self.damaged)} objects of the cache are damaged and are being fetched again, such as {first}"]

    def close(self) -> None:
        """Stop checking."""
        self.scrubber.close()

    async def _check(self, digests: Collection[Digest]) -> bool:
        return await self._report(await asyncio.to_thread(self.scrubber.check, digests))

    async def _report(self, suspects: Collection[Digest]) -> bool:
        """Report damaged objects and start to replace them; return whether any is needed."""
        needed = set(suspects) & await asyncio.to_thread(self._puller.needed) if suspects else set()
        fresh = needed - self.damaged
        if fresh:
            log.error("objects are damaged and are fetched again", objects=len(fresh), first=str(min(fresh)))
            self.damaged |= fresh
            self._broadcast("damaged", objects=list(map(str, fresh)))
            task = asyncio.create_task(self._replace(fresh))
            self._replacing.add(task)
            task.add_done_callback(self._replacing.discard)
        return bool(needed)

    async def _replace(self, digests: Collection[Digest]) -> None:
        try:
            await self._puller.replace(digests)
        finally:
            self.damaged -= set(digests)
            self._broadcast("mended", objects=list(map(str, digests)))
