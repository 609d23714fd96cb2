"""Brings this worker to the newest revision: objects first, then the catalog that names them, then the report."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import grpc
import structlog

from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog, decode_model, encode_model
from pretzel.data_plane.pull.backoff import delay
from pretzel.data_plane.pull.complete import Completer, servable
from pretzel.data_plane.pull.fetch import Fetcher
from pretzel.data_plane.pull.watch import Watcher
from pretzel.data_plane.residency.memory import give_back
from pretzel.errors import PretzelError
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model
from pretzel.v1.worker_pb2_grpc import WorkerServiceStub

log = structlog.get_logger(__name__)

Publish = Callable[[Catalog], Awaitable[None]]
"""Gives a catalog to all serving processes, and returns when all answer from it."""

OPTIONS = [
    ("grpc.max_receive_message_length", -1),  # a snapshot of 20 000 models is one message
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
]


def connect(address: str) -> grpc.aio.Channel:
    """Return a channel to a control plane, which need not be there yet."""
    return grpc.aio.insecure_channel(address, options=OPTIONS)


@dataclass(frozen=True)
class Step:
    """What one attempt to advance came to."""

    catalog: Catalog
    held: frozenset[str] = frozenset()
    """Models of which some version is not whole."""
    cut_off: bool = False
    """The control plane could not be reached, so nothing can be said of what is held."""


class Puller:
    """Advances the published catalog towards the watched one."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        worker: str,
        cache: ObjectCache,
        publish: Publish,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """Publish through ``publish``; ``told`` is called when a catalog is served and kept."""
        self._cache, self._publish, self._told = cache, publish, told
        stub = WorkerServiceStub(channel)
        kept, closures = cache.load_catalog() or (Catalog(), {})
        self.watcher = Watcher(stub, worker, kept)
        self.fetcher = Fetcher(stub, cache)
        self._completer = Completer(cache, dict(closures))
        self.published = Catalog()
        self.held: frozenset[str] = frozenset()
        self.started = bool(kept.epoch or kept.records)
        """Whether any catalog is known, be it an old one."""
        self._arrived = asyncio.Condition()
        self._mending: set[Digest] = set()
        self._turn = asyncio.Lock()  # held while catalogs move, and while what they do not need is removed

    async def restore(self) -> None:
        """Publish what the cache holds whole, without the control plane."""
        async with self._turn:
            await self._take(await self._step(_fetch_nothing))

    async def run(self) -> None:
        """Follow and advance for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.watcher.run())
            group.create_task(self.advance())

    async def catch_up(self, seconds: float) -> None:
        """Return when what the control plane knows now is published, or after some seconds."""
        try:
            async with asyncio.timeout(seconds):
                head = await self.watcher.head()
                async with self._arrived:
                    await self._arrived.wait_for(lambda: self.published.revision >= head)
        except (TimeoutError, grpc.aio.AioRpcError) as error:
            log.debug("no catching up", error=repr(error))

    async def mend(self, plan: Digest) -> bool:
        """Hash a plan's objects again, fetch until all are whole, and return whether any was not."""
        if plan in self._mending:
            return False
        self._mending.add(plan)
        try:
            damaged = first = await asyncio.to_thread(self._completer.damaged, plan)
            for attempt in itertools.count():
                if not damaged:
                    return bool(first)
                damaged = await self._fetch_again(damaged)
                await asyncio.sleep(delay(attempt) if damaged else 0)
        finally:
            self._mending.discard(plan)
        raise AssertionError("unreachable")

    async def _fetch_again(self, digests: list[Digest]) -> list[Digest]:
        try:
            await self.fetcher.fetch(digests)
        except grpc.aio.AioRpcError as error:
            log.warning("objects cannot be fetched now", error=_brief(error))
        return [digest for digest in digests if not self._cache.has(digest)]

    async def collect(self, now: float, grace: float) -> list[Digest]:
        """Remove from the cache what no version has needed for ``grace`` seconds, and return it."""
        async with self._turn:
            needed = await asyncio.to_thread(self.needed)
            return await asyncio.to_thread(self._cache.collect, needed, now, grace)

    def needed(self) -> set[Digest]:
        """Return all objects that the published or the watched catalog needs."""
        catalogs = (self.published, self.watcher.target)
        plans = {v.plan for c in catalogs for r in c.records.values() for v in decode_model(r).versions}
        return self._completer.needed(plans)

    async def advance(self) -> None:
        """Publish what the watcher hears of, for ever."""
        attempt = 0
        while True:
            async with self._turn:
                step = await self._step(self.fetcher.fetch)
                await self._take(step)
            attempt = attempt + 1 if step.held else 0
            await self._next(delay(attempt) if step.held else None)

    async def _next(self, seconds: float | None) -> None:
        """Wait for news, or for the time to try again."""
        try:
            await asyncio.wait_for(self.watcher.moved.wait(), seconds)
        except TimeoutError:
            pass

    async def _step(self, fetch: Callable[[Iterable[Digest]], Awaitable[object]]) -> Step:
        """Bring in what the watched catalog needs, and return what of it can be served."""
        self.watcher.moved.clear()
        target, cut_off = self.watcher.target, False
        changed = {n: decode_model(r) for n, r in target.records.items() if self.published.records.get(n) != r}
        plans = {version.plan for model in changed.values() for version in model.versions}
        try:
            whole = await self._completer.complete(plans, fetch)
        except (grpc.aio.AioRpcError, PretzelError, OSError) as error:
            log.warning("objects cannot be fetched now", error=_brief(error))
            whole, cut_off = await self._completer.complete(plans, _fetch_nothing), True
        return self._servable(target, changed, whole, cut_off)

    def _servable(self, target: Catalog, changed: dict[str, Model], whole: set[Digest], cut_off: bool) -> Step:
        records, held = {n: r for n, r in target.records.items() if n not in changed}, set()
        for name, model in changed.items():
            if all(version.plan in whole for version in model.versions):
                records[name] = target.records[name]
                continue
            held.add(name)
            before = self.published.records.get(name)
            previous = decode_model(before) if before else None
            kept = {v.plan for v in previous.versions} if previous else set()
            if partial := servable(model, previous, whole | kept):
                records[name] = encode_model(partial)
        revision = self.published.revision if cut_off and held else target.revision
        return Step(Catalog(target.epoch, revision, records), frozenset(held), cut_off)

    async def _take(self, step: Step) -> None:
        """Publish and keep a catalog, if it differs from the last."""
        self.held = step.held
        if step.catalog != self.published:
            self.started = self.started or bool(step.catalog.epoch)
            # Both before it is reported: what was reported is served, and is served again after a restart.
            await asyncio.gather(self._publish(step.catalog), asyncio.to_thread(self._keep, step))
            self.published = step.catalog
            self._told()
            log.info("published", revision=step.catalog.revision, models=len(step.catalog), held=sorted(step.held)[:5])
        async with self._arrived:
            self.published = step.catalog
            self._arrived.notify_all()

    def _keep(self, step: Step) -> None:
        """Keep a catalog on disk; an incomplete one without its revision, so that a restart asks for all of it."""
        catalog = Catalog("", 0, step.catalog.records) if step.held else step.catalog
        try:
            self._cache.save_catalog(catalog, self._completer.closures)
        except OSError as error:  # a full disk must not stop the serving
            log.error("the catalog cannot be kept; a restart would serve the one before", error=str(error))
        give_back()  # what was fetched passed through this process, and lies in the cache now


def _brief(error: Exception) -> str:
    return f"{error.code().name}: {error.details()}" if isinstance(error, grpc.aio.AioRpcError) else str(error)


async def _fetch_nothing(digests: Iterable[Digest]) -> None:
    """Do without the control plane."""
