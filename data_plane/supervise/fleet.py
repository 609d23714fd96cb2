"""The serving processes of a worker: started together, restarted when they die, told of every catalog."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.measure.aggregate import Numbers, merge
from pretzel.data_plane.supervise.child import Child
from pretzel.data_plane.supervise.link import Message
from pretzel.data_plane.supervise.publication import Publication
from pretzel.errors import PreconditionError
from pretzel.serving.background import Background
from pretzel.serving.backoff import delay

log = structlog.get_logger(__name__)

PROCESSES = "processes"
"""The background task that starts serving processes, as metrics and reports name it."""
STEADY = 10.0
"""Seconds after which a process that lived so long is not taken for one that cannot live."""
SILENCE = 60.0
"""Seconds after which a process that answers nothing is taken to hang."""
BEGINNINGS = 2
"""How often a process that says nothing is tried again before the worker gives up its own start."""
PATIENCE = 30.0
"""Seconds that a catalog waits for the slowest process before the next one is looked at."""
START_SECONDS = 300.0
"""How long all processes may take to be ready at first; models that are pinned load in that time."""
FAILING_SECONDS = 30.0
"""How long a process may fail at what it must do before it is ready, and how long it may lag behind others for that."""
MARGIN = 2.0
"""Seconds beyond the time to drain, before what still runs is killed."""


Died = Callable[[Child, int], Awaitable[None]]
"""Told of a process that died, and of its exit code."""


async def _let_die(child: Child, code: int) -> None:
    """Do nothing about a death."""


@dataclass(frozen=True)
class End:
    """How a serving process ended, or why it could not begin."""

    child: Child | None
    code: int
    why: str
    """What it said itself, or nothing."""

    @property
    def pid(self) -> int:
        """Its process id; 0 where it did not begin."""
        return self.child.pid if self.child else 0

    @property
    def how(self) -> str:
        """How it ended, for messages."""
        return f"with code {self.code}" if self.child else "before it began"


class Fleet:
    """Keeps ``size`` serving processes alive."""

    def __init__(
        self,
        size: int,
        start: dict[str, Any],
        react: Callable[[Child, Message], None],
        *,
        died: Died = _let_die,
        background: Background | None = None,
    ) -> None:
        """Prepare; ``start`` is what each is told first, and ``react`` sees what they say.

        ``died`` is awaited after each death, before the process is started again.
        """
        self._died = died
        self._size, self._start, self._react = size, start, react
        self._background = background or Background()
        self._background.failures[PROCESSES] += 0
        self.children: dict[int, Child] = {}
        self.restarts = 0
        self.past: Numbers = {}
        """What the processes that are gone had counted."""
        self._told = Publication()
        self._lowest = 0
        self._changed = asyncio.Condition()
        self._started = False
        self._stopping = asyncio.Event()
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start all, and return when all are ready.

        Raises:
            PreconditionError: one cannot start, for instance because the port is taken, or is not ready in time.
        """
        self._keepers = [asyncio.create_task(self._keep(slot)) for slot in range(self._size)]
        ready = asyncio.create_task(self._until(self._all_ready))
        try:
            await self._first_start(ready)
        finally:
            ready.cancel()
        self._started = True

    async def _first_start(self, ready: asyncio.Task[None]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not ready.done():
            done, _ = await asyncio.wait([*self._keepers, ready], timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            for keeper in done - {ready}:
                keeper.result()
            if time.monotonic() > deadline or any(map(_fails_for_long, self._unready())):
                raise PreconditionError(self._why_not_ready())

    def _unready(self) -> list[Child]:
        return [child for child in self.children.values() if not child.port]

    def _why_not_ready(self) -> str:
        waiting = [f"pid {c.pid}: {_problems_of(c) or 'it says no problem'}" for c in self._unready()]
        ready = len(self.children) - len(waiting)
        return f"{ready} of {self._size} serving processes are ready; {'; '.join(waiting) or 'the others do not run'}"

    @property
    def serial(self) -> int:
        """Number of the newest catalog that was published."""
        return self._told.serial

    @property
    def lowest(self) -> int:
        """Number of the oldest catalog that a listening process answers from; the last known where none listens."""
        applied = [child.applied for child in self.children.values() if child.port]
        self._lowest = min(applied, default=self._lowest)
        return self._lowest

    def revision_of(self, serial: int) -> tuple[str, int]:
        """Return the epoch and the revision of a catalog that some process may still answer from."""
        return self._told.revisions[serial]

    @property
    def problems(self) -> list[str]:
        """What the processes fail at now."""
        told = [f"serving process {c.pid}: {_problems_of(c)}" for c in self.children.values() if c.problems]
        listening = sum(1 for child in self.children.values() if child.port)
        if self._started and listening < self._size:
            told.append(f"{listening} of {self._size} serving processes listen; the others are being started")
        return told

    @property
    def port(self) -> int:
        """Where they listen; 0 before any does."""
        return int(self._start["port"])

    async def publish(self, catalog: Catalog) -> None:
        """Give a catalog to all processes, and return when all answer from it."""
        self.tell("catalog", **self._told.move(catalog, self.lowest))
        serial = self.serial
        try:
            async with asyncio.timeout(PATIENCE):
                await self._until(lambda: self._all_applied(serial))
        except TimeoutError:
            log.error("a serving process is slow to take a catalog", revision=catalog.revision)

    def announce(self, kind: str, **fields: Any) -> None:
        """Tell all processes something, and each that starts later, until something else of that kind is told."""
        self._told.announced[kind] = fields
        self.tell(kind, **fields)

    def tell(self, kind: str, **fields: Any) -> None:
        """Tell all processes that there are something."""
        for child in self.children.values():
            child.link.send(kind, **fields)

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

    def end_lagging(self) -> None:
        """Kill processes that fail to take a catalog that another has taken; they are replaced.

        Where all fail, the cause is not in the process, and one that serves what it has is worth more than none.
        """
        newest = max((child.applied for child in self.children.values() if child.port), default=0)
        for child in self.children.values():
            if child.port and child.applied < newest and _fails_for_long(child):
                log.error("a serving process cannot take a catalog and is killed", pid=child.pid, why=child.problems)
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

    async def _keep(self, slot: int) -> None:
        """Keep one process alive; raise if it could not start in the first place, and says why."""
        attempt = 0
        while not self._stopping.is_set():
            born = time.monotonic()
            failure = await self._live(slot)
            if self._stopping.is_set():
                return
            if not self._started and (failure.why or attempt == BEGINNINGS):
                raise PreconditionError(failure.why or f"a serving process cannot start: it ends {failure.how}")
            log.error("a serving process died and is restarted", pid=failure.pid, how=failure.how, why=failure.why)
            self.restarts += 1
            if failure.child is not None:
                await self._died(failure.child, failure.code)
            attempt = 0 if time.monotonic() - born > STEADY else attempt + 1
            await self._pause(delay(attempt - 1) if attempt else 0)

    async def _live(self, slot: int) -> End:
        """Start a process, and return how it ended."""
        try:
            child = await Child.start(**self._start, slot=slot)
        except OSError as error:  # no descriptor or no memory for another process, and perhaps not for long
            self._background.failed(PROCESSES, error)
            return End(None, 0, str(error))
        self._background.well(PROCESSES)
        self.children[slot] = child
        try:
            for kind, fields in self._told.all():
                child.link.send(kind, **fields)
            if self._stopping.is_set():
                child.link.send("drain")
            code = await child.listen(self._heard)
        except Exception as error:  # what it says cannot be read: nobody would tell it of catalogs any more
            self._background.failed(PROCESSES, error)
            child.kill()
            code = await child.end()
        finally:
            del self.children[slot]
        self.past = merge([self.past, child.numbers])
        return End(child, code, child.failure)

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


def _problems_of(child: Child) -> str:
    return "; ".join(f"{task}: {cause}" for task, cause in child.problems.items())


def _fails_for_long(child: Child) -> bool:
    return bool(child.problems) and time.monotonic() - child.failing_since > FAILING_SECONDS
