"""The serving processes of a worker: started together, restarted when they die, told of every catalog."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog

from pretzel.backoff import delay
from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.measure.numbers import Numbers, merge
from pretzel.data_plane.supervise.child import Child
from pretzel.data_plane.supervise.link import Message
from pretzel.errors import PreconditionError

log = structlog.get_logger(__name__)

STEADY = 10.0
"""Seconds after which a process that lived so long is not taken for one that cannot live."""
SILENCE = 60.0
"""Seconds after which a process that answers nothing is taken to hang."""
BEGINNINGS = 2
"""How often a process that says nothing is tried again before the worker gives up its own start."""
PATIENCE = 30.0
"""Seconds that a catalog waits for the slowest process before the next one is looked at."""
MARGIN = 2.0
"""Seconds beyond the time to drain, before what still runs is killed."""


class Fleet:
    """Keeps ``size`` serving processes alive."""

    def __init__(self, size: int, start: dict[str, Any], react: Callable[[Child, Message], None]) -> None:
        """Prepare; ``start`` is what each is told first, and ``react`` sees what they say."""
        self._size, self._start, self._react = size, start, react
        self.children: dict[int, Child] = {}
        self.restarts = 0
        self.past: Numbers = {}
        """What the processes that are gone had counted."""
        self._catalog, self._serial = Catalog(), 0
        self._changed = asyncio.Condition()
        self._started = False
        self._stopping = asyncio.Event()
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start all, and return when all are ready.

        Raises:
            PreconditionError: one cannot start, for instance because the port is taken.
        """
        self._keepers = [asyncio.create_task(self._keep(slot)) for slot in range(self._size)]
        ready = asyncio.create_task(self._until(self._all_ready))
        done, _ = await asyncio.wait([*self._keepers, ready], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        for keeper in done - {ready}:
            keeper.result()
        self._started = True

    @property
    def port(self) -> int:
        """Where they listen; 0 before any does."""
        return int(self._start["port"])

    async def publish(self, catalog: Catalog) -> None:
        """Give a catalog to all processes, and return when all answer from it."""
        before, self._catalog = self._catalog, catalog
        self._serial += 1
        change = self._difference(before, catalog)
        for child in self.children.values():
            child.link.send("catalog", **change)
        serial = self._serial
        try:
            async with asyncio.timeout(PATIENCE):
                await self._until(lambda: self._all_applied(serial))
        except TimeoutError:
            log.error("a serving process is slow to take a catalog", revision=catalog.revision)

    async def numbers(self, seconds: float = 1.0) -> list[Numbers]:
        """Return what each process counts, and first what those that are gone had counted."""
        live = await asyncio.gather(*(child.ask(seconds) for child in self.children.values()))
        return [self.past, *live]

    def end_silent(self) -> None:
        """Kill processes that have not said anything for long, though they were asked; they are replaced."""
        for child in self.children.values():
            if child.port and time.monotonic() - child.heard > SILENCE:
                log.error("a serving process hangs and is killed", pid=child.pid)
                child.kill()

    async def stop(self, seconds: float) -> None:
        """Have all drain, and kill those that take longer than they may."""
        self._stopping.set()
        for child in self.children.values():
            child.link.send("drain")
        if self._keepers:
            _, late = await asyncio.wait(self._keepers, timeout=seconds + MARGIN)
            for child in self.children.values() if late else ():
                log.error("a serving process did not drain in time and is killed", pid=child.pid)
                child.kill()
            await asyncio.gather(*self._keepers, return_exceptions=True)

    def _all_ready(self) -> bool:
        return len(self.children) == self._size and all(child.port for child in self.children.values())

    def _all_applied(self, serial: int) -> bool:
        if not self._keepers:
            return True  # not started: they will begin with this catalog
        return len(self.children) == self._size and all(c.applied >= serial for c in self.children.values())

    def _difference(self, before: Catalog, catalog: Catalog, *, whole: bool = False) -> dict[str, Any]:
        changed = {n: r for n, r in catalog.records.items() if whole or before.records.get(n) != r}
        deleted = [] if whole else [name for name in before.records if name not in catalog.records]
        return {
            "serial": self._serial,
            "epoch": catalog.epoch,
            "revision": catalog.revision,
            "models": list(changed.items()),
            "deleted": deleted,
            "whole": whole,
        }

    async def _keep(self, slot: int) -> None:
        """Keep one process alive; raise if it could not start in the first place, and says why."""
        attempt = 0
        while not self._stopping.is_set():
            born = time.monotonic()
            child, code = await self._live(slot)
            if self._stopping.is_set():
                return
            if not self._started and (child.failure or attempt == BEGINNINGS):
                raise PreconditionError(child.failure or f"a serving process cannot start: it ends with code {code}")
            log.error("a serving process died and is restarted", pid=child.pid, code=code, why=child.failure)
            self.restarts += 1
            attempt = 0 if time.monotonic() - born > STEADY else attempt + 1
            await self._pause(delay(attempt - 1) if attempt else 0)

    async def _live(self, slot: int) -> tuple[Child, int]:
        """Start a process, and return it with its exit code when it has ended."""
        child = await Child.start(**self._start)
        child.link.send("catalog", **self._difference(Catalog(), self._catalog, whole=True))
        if self._stopping.is_set():
            child.link.send("drain")
        self.children[slot] = child
        code = await child.listen(self._heard)
        del self.children[slot]
        self.past = merge([self.past, child.numbers])
        return child, code

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            pass

    def _heard(self, child: Child, message: Message) -> None:
        if child.port:
            self._start["port"] = child.port  # a restarted process comes back where the clients look for it
        self._react(child, message)
        asyncio.get_running_loop().create_task(self._tell())

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(condition)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
