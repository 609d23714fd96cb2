"""Damage in a cache that is in use: found, told to the serving processes, and replaced while they wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Any

import structlog

from pretzel.data_plane.cache.scrub import Scrubber
from pretzel.data_plane.pull.puller import Puller
from pretzel.plan.digest import Digest

log = structlog.get_logger(__name__)

WATCH_SECONDS = 0.5
"""Time between looks for files that another program wrote to."""
REST_SECONDS = 10.0
"""Time between two passes over all objects."""


class Mender:
    """Finds damaged objects and has them replaced.

    Serving processes hear of damage before it is mended, and let go of every plan over it; calls of those plans wait
    until the objects are here again, or for a while.
    """

    def __init__(self, scrubber: Scrubber, puller: Puller, tell: Callable[..., Any]) -> None:
        """Look through ``scrubber`` and fetch through ``puller``; ``tell`` speaks to all serving processes."""
        self.scrubber, self._puller, self._tell = scrubber, puller, tell
        self.damaged: set[Digest] = set()
        """Objects that are being fetched again."""
        self._replacing: set[asyncio.Task[None]] = set()

    async def doubt(self, plan: Digest) -> None:
        """Read a plan and its objects, because a process could not load it, and replace what is damaged."""
        objects = self._puller.objects_of(plan)
        await self._check(objects)
        if self.damaged.isdisjoint(objects):
            self._tell("mended", objects=list(map(str, objects)))

    async def suspect(self, plans: Collection[Digest]) -> bool:
        """Read what a process had in memory that died by a fault, and return whether any of it is damaged.

        What another program wrote to is read first, and what is being replaced already is cause enough.
        """
        if await self._report(await asyncio.to_thread(self.scrubber.touched)):
            return True
        objects = {digest for plan in plans for digest in self._puller.objects_of(plan)}
        if not self.damaged.isdisjoint(objects):
            return True
        return await self._check(objects or await asyncio.to_thread(self._puller.needed))

    async def watch(self) -> None:
        """Look at files that another program wrote to, again and again."""
        while True:
            if await self._report(await asyncio.to_thread(self.scrubber.touched)):
                await self._expel()
            await self._puller.keep_again()
            await asyncio.sleep(WATCH_SECONDS)

    async def scrub(self) -> None:
        """Read all objects, again and again, at the bounded rate."""
        while self.scrubber.is_on:
            found = self.scrubber.all()
            while (damaged := await asyncio.to_thread(next, found, None)) is not None:
                await self._report([damaged])
            await self._expel()
            await asyncio.sleep(REST_SECONDS)
        await asyncio.Event().wait()

    async def _expel(self) -> None:
        await self._report(await asyncio.to_thread(self.scrubber.expel))

    def problems(self) -> list[str]:
        """Return what is wrong now, a sentence each."""
        if not self.damaged:
            return []
        first = min(self.damaged)
        return [f"{len(self.damaged)} objects of the cache are damaged and are being fetched again, such as {first}"]

    def close(self) -> None:
        """Look no more."""
        self.scrubber.close()

    async def _check(self, digests: Collection[Digest]) -> bool:
        return await self._report(await asyncio.to_thread(self.scrubber.check, digests))

    async def _report(self, found: Collection[Digest]) -> bool:
        """Tell of damage and begin to replace it; return whether there was any."""
        needed = set(found) & await asyncio.to_thread(self._puller.needed) if found else set()
        fresh = needed - self.damaged
        if fresh:
            log.error("objects are damaged and are fetched again", objects=len(fresh), first=str(min(fresh)))
            self.damaged |= fresh
            self._tell("damaged", objects=list(map(str, fresh)))
            task = asyncio.create_task(self._replace(fresh))
            self._replacing.add(task)
            task.add_done_callback(self._replacing.discard)
        return bool(needed)

    async def _replace(self, digests: Collection[Digest]) -> None:
        try:
            await self._puller.replace(digests)
        finally:
            self.damaged -= set(digests)
            self._tell("mended", objects=list(map(str, digests)))
