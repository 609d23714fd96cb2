"""Brings a worker to the newest revision: fetch objects, publish the catalog that names them, then report."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import grpc
import structlog

from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog, decode_model, encode_model, plans_of
from pretzel.data_plane.pull.complete import Completed, Completer, Fetch, is_full, servable
from pretzel.data_plane.pull.epochs import hold_reason
from pretzel.data_plane.pull.fetch import Failures
from pretzel.data_plane.pull.origin import Origin
from pretzel.errors import PretzelError
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model
from pretzel.serving.backoff import delay
from pretzel.serving.heap import trim_heap

log = structlog.get_logger(__name__)

Publish = Callable[[Catalog], Awaitable[None]]
"""Sends a catalog to all serving processes, and returns when all answer from it."""


@dataclass(frozen=True)
class Step:
    """Result of one attempt to advance."""

    catalog: Catalog
    held: Mapping[str, str] = field(default_factory=dict)
    """Models with an incomplete version, and the reason."""
    out_of_space: bool = False
    """True if the disk was full for some of them."""


class Puller:
    """Advances the published catalog towards the watched one."""

    def __init__(
        self,
        origin: Origin,
        cache: ObjectCache,
        publish: Publish,
        report: Callable[[], None] = lambda: None,
        *,
        accept_epoch: str = "",
        on_held: Callable[[Mapping[str, str]], None] = lambda reasons: None,
        collected: Callable[[Sequence[Digest]], None] = lambda gone: None,
    ) -> None:
        """Follow ``origin`` and publish through ``publish``; ``report`` is called when a catalog is served and saved.

        A catalog of ``accept_epoch`` is followed whatever it lacks.  ``on_held`` gets the models that are held back and
        the reasons, ``collected`` the objects that left the cache.
        """
        self._cache, self._publish, self._report = cache, publish, report
        self._on_held, self._collected = on_held, collected
        saved, closures = cache.kept.load() or (Catalog(), {})
        self.watcher, self.fetcher = origin.open(cache, saved)
        self._completer = Completer(cache, dict(closures))
        self.published = Catalog()
        self._accepted = accept_epoch
        self.epoch_hold = ""
        """Reason why the watched catalog, of another store, is not followed; else empty."""
        self.unkept = False
        """True if the published catalog could not be saved on disk; the save is retried."""
        self.reasons: Mapping[str, str] = {}
        """Reason for each model that is held back."""
        self.started = bool(saved.epoch or saved.records)
        """True if any catalog is known, even an old one."""
        self._taken: Step | None = None
        self._arrived = asyncio.Condition()
        self._turn = asyncio.Lock()  # held while the catalog changes, and while unneeded objects are removed

    @property
    def held(self) -> frozenset[str]:
        """Models with an incomplete version."""
        return frozenset(self.reasons)

    async def restore(self) -> None:
        """Publish the models that the cache has complete, without the control plane."""
        async with self._turn:
            await self._take(await self._step(_fetch_nothing, unchecked=True))

    async def run(self) -> None:
        """Follow and advance until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.watcher.run())
            group.create_task(self.advance())

    async def catch_up(self, seconds: float) -> bool:
        """Return whether the present revision of the control plane is published within some seconds."""
        try:
            async with asyncio.timeout(seconds):
                head = await self.watcher.head()
                async with self._arrived:
                    await self._arrived.wait_for(lambda: self.published.revision >= head)
        except (TimeoutError, grpc.aio.AioRpcError) as error:
            log.debug("cannot catch up", error=repr(error))
            return False
        return True

    def objects_of(self, plan: Digest) -> tuple[Digest, ...]:
        """Return the digest of a plan and, if it has been read, those of its objects."""
        return (plan, *self._completer.closures.get(plan, ()))

    async def replace(self, digests: Collection[Digest]) -> None:
        """Fetch objects again until all that are still needed are intact."""
        for attempt in itertools.count():
            needed = await asyncio.to_thread(self.needed)
            lacking = [digest for digest in digests if digest in needed and not self._cache.has(digest)]
            if not lacking:
                return
            await asyncio.sleep(delay(attempt - 1) if attempt else 0)
            await self._fetch_again(lacking)

    async def _fetch_again(self, digests: Sequence[Digest]) -> None:
        try:
            failures = await self.fetcher.fetch(digests)
        except (grpc.aio.AioRpcError, OSError) as error:
            log.warning("objects cannot be fetched now", error=_brief(error))
            return
        if any(is_full(error) for error in failures.values()):
            async with self._turn:
                await self._make_room()

    async def collect(self, now: float, grace: float) -> list[Digest]:
        """Remove cached objects that no version has needed for ``grace`` seconds, and return them."""
        async with self._turn:
            needed = await asyncio.to_thread(self.needed)
            self._completer.forget_all_but(needed)
            gone = await asyncio.to_thread(self._cache.collect, needed, now, grace)
        self._collected(gone)
        return gone

    async def _make_room(self) -> bool:
        """Remove unneeded objects at once, and return whether any existed."""
        needed = await asyncio.to_thread(self.needed)
        gone = await asyncio.to_thread(self._cache.make_room, needed, time.monotonic())
        log.warning("the disk of the cache is full; unneeded objects were removed", objects=len(gone))
        self._collected(gone)
        return bool(gone)

    def needed(self) -> set[Digest]:
        """Return all objects that the published or the watched catalog needs."""
        catalogs = (self.published, self.watcher.target)
        plans = {plan for catalog in catalogs for record in catalog.records.values() for plan in plans_of(record)}
        return self._completer.needed(plans)

    async def advance(self) -> None:
        """Publish each catalog of the watcher until cancelled."""
        attempt = 0
        while True:
            async with self._turn:
                step = await self._step(self.fetcher.fetch)
                await self._take(step)
                if step.out_of_space and await self._make_room():
                    step = await self._step(self.fetcher.fetch)
                    await self._take(step)
            unfinished = bool(step.held) or self.unkept
            attempt = attempt + 1 if unfinished else 0
            await self._next(delay(attempt) if unfinished else None)

    async def _next(self, seconds: float | None) -> None:
        """Wait for a new catalog, or for the time to retry."""
        try:
            await asyncio.wait_for(self.watcher.moved.wait(), seconds)
        except TimeoutError:
            pass

    async def _step(self, fetch: Fetch, *, unchecked: bool = False) -> Step:
        """Fetch the objects of the watched catalog, and return the part of it that can be served."""
        self.watcher.moved.clear()
        target, cut_off = self._followed(self.watcher.target), ""
        changed = target.records.since(self.published.records)[0]
        plans = {plan for record in changed.values() for plan in plans_of(record)}
        try:
            done = await self._completer.complete(plans, fetch, unchecked=unchecked)
        except (grpc.aio.AioRpcError, PretzelError, OSError) as error:
            log.warning("objects cannot be fetched now", error=_brief(error))
            cut_off = f"objects cannot be fetched now: {_brief(error)}"
            done = await self._completer.complete(plans, _fetch_nothing)
        return self._servable(target, changed, done, cut_off)

    def _followed(self, target: Catalog) -> Catalog:
        """Return the watched catalog, or the published one if the other must be confirmed first."""
        reason = hold_reason(self.published, target, self.watcher.replaces, self._accepted)
        if reason != self.epoch_hold:
            log.error("the catalog is held", reason=reason) if reason else log.info("the catalog is followed again")
            self.epoch_hold = reason
            self._report()
        return self.published if reason else target

    def _servable(self, target: Catalog, changed: dict[str, bytes], done: Completed, cut_off: str) -> Step:
        partial: dict[str, bytes] = {}
        held: dict[str, str] = {}
        for name, record in changed.items():
            lacking = [plan for plan in plans_of(record) if plan not in done.whole]
            if not lacking:
                continue
            model = decode_model(record)
            held[name] = cut_off or next(done.lacking[plan] for plan in lacking if plan in done.lacking)
            if (part := self._part(model, done)) is not None:
                partial[name] = encode_model(part)
        records = target.records.changed(partial, held.keys() - partial.keys())
        revision = self.published.revision if cut_off and held else target.revision
        return Step(Catalog(target.epoch, revision, records), held, done.out_of_space)

    def _part(self, model: Model, done: Completed) -> Model | None:
        """Return the part of an incomplete model that can be served, or None."""
        before = self.published.records.get(model.name)
        previous = decode_model(before) if before else None
        served = {v.plan for v in previous.versions} if previous else set()
        return servable(model, previous, done.whole | served)

    async def _take(self, step: Step) -> None:
        """Publish and save a catalog if it differs from the last."""
        self._taken, self.reasons = step, step.held
        self._on_held(step.held)
        if step.catalog != self.published:
            self.started = self.started or bool(step.catalog.epoch)
            # Both before the report: a reported revision is served, also after a restart.
            await asyncio.gather(self._publish(step.catalog), asyncio.to_thread(self._keep, step))
            self.published = step.catalog
            self._report()
            log.info("published", revision=step.catalog.revision, models=len(step.catalog), held=sorted(step.held)[:5])
        elif self.unkept:
            await asyncio.to_thread(self._keep, step)
        async with self._arrived:
            self.published = step.catalog
            self._arrived.notify_all()

    async def keep_again(self) -> None:
        """Save the catalog again if another program changed the saved one; not while the catalog changes."""
        if self._taken is None or self._turn.locked() or not self._cache.kept.touched():
            return
        async with self._turn:
            log.error("another program changed the saved catalog; it is saved again")
            await asyncio.to_thread(self._keep, self._taken)

    def _keep(self, step: Step) -> None:
        """Save a catalog on disk; an incomplete one without its revision, so that a restart fetches all of it."""
        catalog = Catalog(step.catalog.epoch, 0, step.catalog.records) if step.held else step.catalog
        try:
            self._cache.kept.save(catalog, self._completer.closures)
            self.unkept = False
        except OSError as error:  # a full disk must not stop serving
            self.unkept = True
            log.error("the catalog cannot be saved; a restart would serve the previous one", error=str(error))
        trim_heap()  # fetched objects passed through the heap and are in the cache now


def _brief(error: Exception) -> str:
    return f"{error.code().name}: {error.details()}" if isinstance(error, grpc.aio.AioRpcError) else str(error)


async def _fetch_nothing(digests: Iterable[Digest]) -> Failures:
    """Fetch nothing: used without the control plane."""
    return {}
