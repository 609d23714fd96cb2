"""Work that many callers request at once and one run does for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Rounds(Generic[T]):
    """Runs of one piece of work, one at a time.

    Callers that arrive during a run share the next run: the present one may have read its input already.
    """

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._present: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def join(self) -> T:
        """Return the result of a whole run that started after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._round(self._present))
        return await asyncio.shield(self._next)

    async def _round(self, before: asyncio.Task[T] | None) -> T:
        if before is not None:
            await asyncio.wait([before])
        self._present, self._next = self._next, None
        return await self._work()
