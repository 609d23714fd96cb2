"""Exchange of control planes over one catalog: changes of models, and the reports of workers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, replace

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.catalog import CHANGED
from pretzel.control_plane.catalog.peers import REPORTED, Heard, Peers
from pretzel.control_plane.serve.feed import Feed
from pretzel.control_plane.serve.live import LiveWorkers, Other, Worker
from pretzel.control_plane.serve.opened import Opened
from pretzel.control_plane.serve.pools import Pool
from pretzel.errors import UnavailableError
from pretzel.plan.encoding import decode, encode

PEERS = "peers"
"""Name of the task in metrics."""
POLL_SECONDS = 1.0
"""Longest time until a change of another control plane is noticed whose announcement was lost."""
GATHER_SECONDS = 0.02
"""Time in which reports are gathered to be written together."""
_SLICE = 0.25
"""Longest wait at once, which delays the stop of the server."""


class Neighbours:
    """Keeps the use of a shared catalog, and exchanges news with the other control planes.  For one event loop."""

    def __init__(self, catalog: Catalog, opened: Opened, feed: Feed, live: LiveWorkers) -> None:
        """Listen by the ownership of a catalog, and get it again when it is lost."""
        self._catalog, self._opened, self._feed, self._live = catalog, opened, feed, live
        self._peers = Peers(catalog.database, catalog.plane)
        self._listening = Pool(1, "listen")
        self._look, self._tell = asyncio.Event(), asyncio.Event()
        self._written: dict[str, Other] = {}
        """Reports as they were written last."""
        self._news: set[str] = set()
        """Workers that have reported since."""
        self._lost = False
        live.on_report = self._note

    async def run(self) -> None:
        """Exchange news until cancelled.

        Raises:
            UnavailableError: the database cannot be reached, or the ownership was lost.
            PreconditionError: another program has the catalog alone meanwhile.
        """
        if self._lost:
            self._opened.ownership = await self._listening.run(self._opened.dialect.own, False)
            self._lost = False
        self._feed.notify()  # announcements may have been missed
        self._look.set()
        self._written.clear()
        try:
            async with asyncio.TaskGroup() as tasks:
                for work in (self._listen, self._poll, self._tell_often, self._look_often):
                    tasks.create_task(work())
        except* UnavailableError as errors:
            raise errors.exceptions[0] from None

    def _note(self, worker: str) -> None:
        self._news.add(worker)
        self._tell.set()

    def close(self) -> None:
        """Stop listening, and remove this control plane from those that live."""
        self._listening.close()
        if self._opened.dialect.shares:
            with suppress(UnavailableError):
                self._peers.leave()

    async def _listen(self) -> None:
        while True:
            try:
                announced = await self._listening.run(self._opened.ownership.wait, _SLICE)
            except UnavailableError:
                self._lost = True
                self._opened.ownership.close()
                raise
            for text in announced:
                what, _, plane = text.partition(" ")
                if plane == self._catalog.plane:
                    continue
                if what == CHANGED:
                    self._feed.notify()
                elif what == REPORTED:
                    self._look.set()

    async def _poll(self) -> None:
        seen = 0
        while True:
            _, revision = await asyncio.to_thread(self._catalog.current)
            if revision != seen:
                seen = revision
                self._feed.notify()
            await asyncio.sleep(POLL_SECONDS)

    async def _tell_often(self) -> None:
        beat = 0.0
        while True:
            if due := time.monotonic() >= beat:
                beat = time.monotonic() + self._live.expiry / 4
                if not await asyncio.to_thread(self._peers.beat, self._live.expiry):
                    self._written.clear()  # the others have dropped all of it
            await self._write(all_of_them=due)
            await self._woken(self._tell, beat - time.monotonic())
            await asyncio.sleep(GATHER_SECONDS)

    async def _write(self, all_of_them: bool) -> None:
        """Write the reports that changed; with ``all_of_them``, also what changes all the time, and who has gone."""
        self._tell.clear()
        news, self._news = self._news, set()
        living = self._live.own()
        due, again = [], []
        for name, own in living.items():
            before = self._written.get(name)
            if (name in news or all_of_them or before is None) and _differs(own, before, all_of_them):
                due.append(own)
            elif all_of_them and (own.worker.held or own.worker.problems):
                again.append((name, own.age))
        gone = self._written.keys() - living.keys()
        if due or again or gone:
            await asyncio.to_thread(self._write_now, due, again, gone)
        for own in due:
            self._written[own.worker.name] = own
        for name in gone:
            del self._written[name]

    def _write_now(self, due: Sequence[Other], again: Sequence[tuple[str, float]], gone: Collection[str]) -> None:
        heard = [Heard(own.worker.name, encoded(own.worker), own.age, own.follows) for own in due]
        self._peers.write(heard, again, gone)

    async def _look_often(self) -> None:
        while True:
            self._look.clear()
            others = await asyncio.to_thread(self._others)
            self._live.hear_others(others)
            await self._woken(self._look, self._live.expiry / 4)

    def _others(self) -> list[Other]:
        return [Other(decoded(item.report), item.age, item.follows, item.lasts) for item in self._peers.others()]

    @staticmethod
    async def _woken(event: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), max(seconds, 0.0))


def _differs(own: Other, before: Other | None, in_all: bool) -> bool:
    """Return whether a report is to be written; the memory of a worker changes all the time, and can wait."""
    if before is None or own.follows != before.follows:
        return True
    size = own.worker.resident_bytes if in_all else before.worker.resident_bytes
    return replace(own.worker, resident_bytes=size) != before.worker


def encoded(worker: Worker) -> bytes:
    """Return a report as bytes."""
    tree = {
        **asdict(worker),
        "held": dict(worker.held),
        "problems": list(worker.problems),
        "figures": dict(worker.figures),
    }
    if not worker.labels:
        del tree["labels"]  # which control planes of older releases do not know
    return encode(tree)


def decoded(report: bytes) -> Worker:
    """Return a report from its bytes."""
    return Worker(**decode(report))
