"""The calls about scheduled changes of the asyncio client of a control plane."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from pretzel.client import schedule
from pretzel.client.async_connection import AsyncConnection
from pretzel.client.repeating import Repeater
from pretzel.client.schedule import Later, ScheduledChange, Time, When


class AsyncScheduleCalls(AsyncConnection):
    """The part of a client about scheduled changes."""

    _repeater: Repeater

    def later(
        self, at: Time, *, not_after: Time | None = None, note: str = ""
    ) -> Later[Coroutine[Any, Any, ScheduledChange]]:
        """Return the changes that can be made at a time; see :meth:`pretzel.client.planes.ControlPlane.later`."""
        return Later(self._run, self._repeater, When(at, not_after, note))

    async def schedule(
        self, *, waiting: bool = False, most: int = 100, timeout: float | None = None
    ) -> list[ScheduledChange]:
        """Return scheduled changes and what became of them, newest first; ``waiting``: only those that wait."""
        return await self._run(schedule.listed(self._repeater, waiting, most), timeout)

    async def unschedule(self, id: int, *, timeout: float | None = None) -> ScheduledChange:
        """Cancel a change that waits, and return it."""
        return await self._run(schedule.cancel(self._repeater, id), timeout)
