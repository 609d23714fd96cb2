"""The serving processes of a worker: start them together, restart them when they die, send them every catalog."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.measure.aggregate import Numbers, merge
from pretzel.data_plane.supervise.child import Child, Spawned
from pretzel.data_plane.supervise.link import Message
from pretzel.data_plane.supervise.publication import Publication
from pretzel.data_plane.supervise.spread import Spread
from pretzel.errors import PreconditionError
from pretzel.serving.background import Background
from pretzel.serving.backoff import delay

log = structlog.get_logger(__name__)

PROCESSES = "processes"
"""The background task that starts serving processes, as metrics and reports name it."""
STEADY = 10.0
"""Uptime in seconds after which a process counts as able to run."""
SILENCE = 60.0
"""Seconds without a message after which a process counts as hung."""
BEGINNINGS = 2
"""Retries of a process that gives no reason, before the start of the worker fails."""
PATIENCE = 30.0
"""Seconds that a catalog waits for the slowest process before the next one is published."""
START_SECONDS = 300.0
"""Time in which all processes must first be ready; pinned models load in it."""
FAILING_SECONDS = 30.0
"""Time that a process may fail before it is ready, and time that it may lag behind others because it fails."""
MARGIN = 2.0
"""Seconds beyond the time to drain before remaining processes are killed."""

Died = Callable[[Child, int], Awaitable[None]]
"""Called with a process that died, and its exit code."""


async def _let_die(child: Child, code: int) -> None:
    """Ignore a death."""


@dataclass(frozen=True)
class End:
    """Exit of a serving process, or the reason why it could not start."""

    child: Child | None
    code: int
    why: str
    """The reason it reported, or empty."""

    @property
    def pid(self) -> int:
        """Its process id; 0 if it did not start."""
        return self.child.pid if self.child else 0

    @property
    def how(self) -> str:
        """Description of its end, for messages."""
        return f"with code {self.code}" if self.child else "before it started"


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
        spread: Spread | None = None,
    ) -> None:
        """Send ``start`` to each process first, and pass each of its messages to ``react``.

        ``died`` is awaited after each death, before the process is restarted; ``spread`` shares out connections.
        """
        self._died, self._spread = died, spread
        self._size, self._start, self._react = size, start, react
        self._background = background or Background()
        self._background.failures[PROCESSES] += 0
        self.children: dict[int, Child] = {}
        self.restarts = 0
        self.past: Numbers = {}
        """Counters of the processes that have exited."""
        self._publication = Publication()
        self._lowest = 0
        self._changed = asyncio.Condition()
        self._started = False
        self._stopping = asyncio.Event()
        self._keepers: list[asyncio.Task[None]] = []
        self._spawned: dict[int, Spawned] = {}

    def spawn(self) -> None:
        """Let the processes load their modules before :meth:`start`, while the caller reads the cache."""
        for slot in range(self._size):
            with suppress(OSError):  # start tries again, and reports it
                self._spawned[slot] = Spawned.of(self._fields(slot))

    async def start(self) -> None:
        """Start all processes, and return when all are ready.

        Raises:
            PreconditionError: a process cannot start, e.g. because the port is taken, or is not ready in time.
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
            if time.monotonic() > deadline or any(c.fails_for(FAILING_SECONDS) for c in self._unready()):
                raise PreconditionError(self._why_not_ready())

    def _unready(self) -> list[Child]:
        return [child for child in self.children.values() if not child.port]

    def _why_not_ready(self) -> str:
        waiting = [f"pid {c.pid}: {c.trouble or 'it reports no problem'}" for c in self._unready()]
        ready = len(self.children) - len(waiting)
        return f"{ready} of {self._size} serving processes are ready; {'; '.join(waiting) or 'the others do not run'}"

    @property
    def serial(self) -> int:
        """Number of the newest published catalog."""
        return self._publication.serial

    @property
    def lowest(self) -> int:
        """Number of the oldest catalog that a listening process answers from; the last known one if none listens."""
        applied = [child.applied for child in self.children.values() if child.port]
        self._lowest = min(applied, default=self._lowest)
        return self._lowest

    def revision_of(self, serial: int) -> tuple[str, int]:
        """Return the epoch and the revision of a catalog that some process may still answer from."""
        return self._publication.revisions[serial]

    @property
    def problems(self) -> list[str]:
        """Present failures of the processes."""
        problems = [f"serving process {c.pid}: {c.trouble}" for c in self.children.values() if c.problems]
        listening = sum(1 for child in self.children.values() if child.port)
        if self._started and listening < self._size:
            problems.append(f"{listening} of {self._size} serving processes listen; the others are starting")
        return problems

    @property
    def port(self) -> int:
        """Port they listen on; 0 before any does."""
        return int(self._start["port"])

    async def publish(self, catalog: Catalog) -> None:
        """Send a catalog to all processes, and return when all answer from it."""
        self.broadcast("catalog", **self._publication.move(catalog, self.lowest))
        serial = self.serial
        try:
            async with asyncio.timeout(PATIENCE):
                await self._until(lambda: self._all_applied(serial))
        except TimeoutError:
            log.error("a serving process is slow to take a catalog", revision=catalog.revision)

    def announce(self, kind: str, **fields: Any) -> None:
        """Send a message to all processes, and to each that starts later, until one of the same kind replaces it."""
        self._publication.announced[kind] = fields
        self.broadcast(kind, **fields)

    def broadcast(self, kind: str, **fields: Any) -> None:
        """Send a message to all running processes."""
        for child in self.children.values():
            child.link.send(kind, **fields)

    async def numbers(self, seconds: float = 1.0) -> list[Numbers]:
        """Return the counters of each process, preceded by those of the processes that have exited."""
        live = await asyncio.gather(*(child.ask(seconds) for child in self.children.values()))
        return [self.past, *live]

    def end_silent(self) -> None:
        """Kill processes that have long not answered; they are restarted."""
        for child in self.children.values():
            if child.port and time.monotonic() - child.heard > SILENCE:
                log.error("a serving process hangs and is killed", pid=child.pid)
                child.kill()

    def end_lagging(self) -> None:
        """Kill processes that fail to take a catalog that another has taken; they are restarted.

        If all fail, the cause is not in the process, and a process that serves an old catalog is better than none.
        """
        newest = max((child.applied for child in self.children.values() if child.port), default=0)
        for child in self.children.values():
            if child.port and child.applied < newest and child.fails_for(FAILING_SECONDS):
                log.error("a serving process cannot take a catalog and is killed", pid=child.pid, why=child.problems)
                child.kill()

    async def stop(self, seconds: float) -> None:
        """Drain all processes, and kill those that exceed the time."""
        self._stopping.set()
        for spawned in self._spawned.values():  # never started: they exit without a link
            spawned.end.close()
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
            return True  # not started: they will start with this catalog
        return len(self.children) == self._size and all(c.applied >= serial for c in self.children.values())

    async def _keep(self, slot: int) -> None:
        """Keep one process alive; raise if its first start fails."""
        attempt = 0
        while not self._stopping.is_set():
            born = time.monotonic()
            failure = await self._live(slot)
            if self._stopping.is_set():
                return
            if not self._started and (failure.why or attempt == BEGINNINGS):
                raise PreconditionError(failure.why or f"a serving process cannot start: it exits {failure.how}")
            log.error("a serving process died and is restarted", pid=failure.pid, how=failure.how, why=failure.why)
            self.restarts += 1
            if failure.child is not None:
                await self._died(failure.child, failure.code)
            attempt = 0 if time.monotonic() - born > STEADY else attempt + 1
            await self._pause(delay(attempt - 1) if attempt else 0)

    async def _live(self, slot: int) -> End:
        """Start a process, and return its end."""
        try:
            child = await Child.start(self._spawned.pop(slot, None), **self._fields(slot))
        except OSError as error:  # no descriptor or memory for another process; that may pass
            self._background.failed(PROCESSES, error)
            return End(None, 0, str(error))
        self._background.well(PROCESSES)
        self.children[slot] = child
        try:
            for kind, fields in self._publication.all():
                child.link.send(kind, **fields)
            if self._stopping.is_set():
                child.link.send("drain")
            code = await child.listen(self._heard)
        except Exception as error:  # its messages cannot be read: it would get no further catalog
            self._background.failed(PROCESSES, error)
            child.kill()
            code = await child.end()
        finally:
            del self.children[slot]
            if self._spread:
                self._spread.died(slot)
        self.past = merge([self.past, child.numbers])
        return End(child, code, child.failure)

    def _fields(self, slot: int) -> dict[str, Any]:
        return self._start | {"slot": slot} | ({"spread": self._spread.fields(slot)} if self._spread else {})

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            pass

    def _heard(self, child: Child, message: Message) -> None:
        if child.port:
            self._start["port"] = child.port  # a restarted process comes back on the port that clients know
        self._react(child, message)
        asyncio.get_running_loop().create_task(self._notify())

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(condition)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
