"""Follows the load: asks the control plane for its workers, and each worker for its metrics.

Every two seconds while a page is open, and every fifteen otherwise, so that the charts have a past.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from pretzel.client.overview import Fleet, LiveWorker
from pretzel.console.history import History, Point, point
from pretzel.errors import PretzelError
from pretzel.scraping.metrics import Calls, Scrape, merged, since

WATCHED, IDLE = 2.0, 15.0
"""Seconds between two scrapes."""
WATCH_SECONDS = 15.0
"""Time after the last request for which a page counts as open."""
MOST_WORKERS = 100
"""Workers that are scraped, by name; the others are listed without their load."""
AT_ONCE = 16
Read = Callable[[str, str], Awaitable[Scrape]]
"""Returns the metrics at the URL that a worker stated, which has that address."""
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Seen:
    """The last scrape of a worker."""

    url: str
    at: float
    """By the monotonic clock."""
    scrape: Scrape
    load: Point | None = None
    """Since the scrape before."""
    cores: float | None = None
    """Processor time per second since the scrape before."""


@dataclass(slots=True)
class State:
    """The result of the last round."""

    fleet: Fleet | None = None
    seen: Mapping[str, Seen] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    """Workers whose metrics cannot be read, and the reason."""
    failure: str = ""
    """The reason why the control plane does not answer; empty if it does."""


class Monitor:
    """Keeps the state of the workers and the history of their load."""

    def __init__(self, workers: Callable[[], Awaitable[Fleet]], read: Read) -> None:
        """Ask for the workers by one function, and for the metrics of one by another."""
        self._workers, self._read = workers, read
        self._room = asyncio.Semaphore(AT_ONCE)
        self._asked = float("-inf")
        self._wake = asyncio.Event()
        self.state, self.history = State(), History()

    def watch(self) -> None:
        """Note that a page is open."""
        if not self._is_watched:
            self._wake.set()
        self._asked = time.monotonic()

    @property
    def _is_watched(self) -> bool:
        return time.monotonic() - self._asked < WATCH_SECONDS

    async def run(self) -> None:
        """Follow the load until cancelled."""
        while True:
            began = time.monotonic()
            try:
                await self.round()
            except Exception:
                _log.exception("a round of scrapes failed; the next one follows")
            await self._pause(began)

    async def _pause(self, began: float) -> None:
        """Wait for the next round; a page that is opened meanwhile shortens the wait."""
        self._wake.clear()
        if not self._is_watched:
            try:
                async with asyncio.timeout(IDLE):  # wait_for of Python 3.11 may lose a cancellation
                    await self._wake.wait()
            except TimeoutError:
                return
        await asyncio.sleep(max(WATCHED - (time.monotonic() - began), 0.0))

    async def round(self) -> None:
        """Ask once for everything; the last workers are asked even if the control plane does not answer."""
        failure = ""
        try:
            fleet: Fleet | None = await self._workers()
        except PretzelError as error:
            fleet, failure = self.state.fleet, str(error)
        workers = fleet.workers[:MOST_WORKERS] if fleet else ()
        found = await asyncio.gather(*(self._scraped(worker) for worker in workers))
        seen = {worker.name: one for worker, one in zip(workers, found, strict=True) if isinstance(one, Seen)}
        problems = {worker.name: one for worker, one in zip(workers, found, strict=True) if isinstance(one, str)}
        self._compare(seen)
        self.state = State(fleet, seen, problems, failure)

    async def _scraped(self, worker: LiveWorker) -> Seen | str:
        if not worker.metrics:
            return "it reports no address of its metrics"
        async with self._room:
            try:
                scrape = await self._read(worker.metrics, worker.address)
            except PretzelError as error:
                return str(error)
        return Seen(worker.metrics, time.monotonic(), scrape)

    def _compare(self, seen: Mapping[str, Seen]) -> None:
        """Compare each worker with its last scrape, and add the sums to the history."""
        now, models, longest = time.time(), dict[str, list[Calls]](), 0.0
        for name, one in seen.items():
            before = self.state.seen.get(name)
            if before is None or before.url != one.url:
                continue
            seconds = max(one.at - before.at, 1e-3)
            longest = max(longest, seconds)
            calls = {model: since(c, before.scrape.models.get(model)) for model, c in one.scrape.models.items()}
            one.load = point(now, seconds, merged(list(calls.values())))
            spent = [scrape.figures.get("processor_seconds", 0.0) for scrape in (before.scrape, one.scrape)]
            one.cores = max(spent[1] - spent[0], 0.0) / seconds
            for model, part in calls.items():
                models.setdefault(model, []).append(part)
        if longest:
            self.history.add(now, longest, {model: merged(parts) for model, parts in models.items()})
