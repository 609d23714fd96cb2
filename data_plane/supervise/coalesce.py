"""Work that many ask for at once and that one round does for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Rounds(Generic[T]):
    """Rounds of one piece of work, one at a time.

    Who comes while a round runs waits for the next: the present one may have looked before he came.
    """

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._present: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def join(self) -> T:
        """Return the result of a whole round that began after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._round(self._present))
        return await asyncio.shield(self._next)

    async def _round(self, before: asyncio.Task[T] | None) -> T:
        if before is not None:
            await asyncio.wait([before])
        self._present, self._next = self._next, None
        return await self._work()
