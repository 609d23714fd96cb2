"""The plan catalog of one serving process: loads plans on their first request, and evicts them under a budget."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import Any, TypeVar

import structlog

from pretzel.data_plane.cache.layout import key_of
from pretzel.data_plane.cache.proof import Proof
from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.canonical import decode
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.residency.bars import Bars, Key
from pretzel.data_plane.residency.entry import Entry, Loaded
from pretzel.data_plane.residency.eviction import EvictionQueue
from pretzel.data_plane.residency.flight import Flight, note_of
from pretzel.data_plane.residency.ledger import Holding, Ledger, total_bytes
from pretzel.data_plane.residency.trust import Trust
from pretzel.data_plane.residency.upkeep import Upkeep
from pretzel.data_plane.telemetry.recording import loading
from pretzel.engine import Executable, StageCatalog, load
from pretzel.errors import ExhaustedError
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan
from pretzel.serving.heap import trim_heap

log = structlog.get_logger(__name__)
T = TypeVar("T")

LEAST_LOAD = 0.0002
"""Seconds; a load is not taken for faster than that."""


class PlanCatalog:
    """Loads plans off the event loop, in single flight, and evicts the least recently used."""

    def __init__(
        self,
        objects: ObjectReader,
        budget: int,
        *,
        tally: Tally | None = None,
        doubt: Callable[[Digest], None] = lambda plan: None,
        notify: Callable[[str, Digest], None] = lambda kind, plan: None,
        flight: Flight | None = None,
        python: Any = None,
        without: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start empty; ``doubt`` is called with plans whose objects are damaged, ``notify`` when plans load or leave.

        A ``flight`` records every load, ``python`` opens Python stages, plans do ``without`` these mechanisms.
        """
        self._flight, self._bars, self._notify = flight, Bars(), notify
        self._objects, self._budget, self._clock = objects, budget, clock
        self._tally = tally or Tally()
        self._trust, self._doubt = Trust(self._tally, doubt), doubt
        self._stages, self.ledger, self._queue = StageCatalog(python), Ledger(), EvictionQueue()
        self._load_plans = partial(load, catalog=self._stages, without=without)
        self._entries: weakref.WeakValueDictionary[Digest, Entry] = weakref.WeakValueDictionary()
        self.resident: dict[Digest, Entry] = {}
        self._loading: dict[Digest, asyncio.Task[Executable]] = {}
        self._loader = ThreadPoolExecutor(1, "loader")  # one: loading must not take the cores from requests
        self._upkeep = Upkeep(self._loader.submit)
        self._loader.submit(trim_heap)  # starts its thread now: a later shortage could prevent it
        self.on_evict: list[Callable[[Digest], None]] = []

    @property
    def bytes(self) -> int:
        """Bytes of the resident plans."""
        return self.ledger.bytes

    def entry(self, digest: Digest) -> Entry:
        """Return the entry of a plan, resident or not."""
        entry = self._entries.get(digest)
        if entry is None:
            entry = self._entries[digest] = Entry(digest)
        return entry

    async def load(self, entry: Entry) -> Executable:
        """Return the executable of a plan, and load it first if needed.

        Raises:
            ExhaustedError: it does not fit into the memory budget.
            UnavailableError: an object of it is damaged or missing and is being fetched again, or the machine is short
                of descriptors or memory.
            DefinitionError: these kernels cannot run it.
        """
        entry.used = self._clock()
        self.reject_barred(entry.digest)
        if entry.executable is not None:
            entry.grow()
            return entry.executable
        task = self._loading.get(entry.digest)
        if task is None:
            task = self._loading[entry.digest] = asyncio.create_task(self._load(entry))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # even without a caller
        with loading(entry.digest.short):
            return await asyncio.shield(task)  # a cancelled caller must not fail the others

    def pin(self, digests: Collection[Digest]) -> None:
        """Never evict these plans once loaded; plans pinned before may be evicted again."""
        self._queue.pinned = frozenset(digests)

    def is_pinned(self, digest: Digest) -> bool:
        """Return whether a plan is pinned."""
        return digest in self._queue.pinned

    def place(self, digests: Collection[Digest]) -> None:
        """Evict these plans after all others that are not pinned, and no longer those that were placed before."""
        self._queue.placed = frozenset(digests)

    def keep(self, entry: Entry) -> None:
        """Evict a plan only after all others that are not pinned, until it is let go.

        Any client may ask for this, so that it must not take the memory that other models need.
        """
        self._queue.kept.add(entry.digest)

    async def describe(self, entry: Entry, described: Callable[[Plan], T]) -> T:
        """Return ``described`` of a plan, resident or not; that may read its objects.

        Raises:
            UnavailableError: as :meth:`load` does.
        """

        async def read() -> T:
            return described(await self._plan(entry))

        return await self._trust.read([entry.digest], read)

    async def load_together(self, entries: Sequence[Entry]) -> Executable:
        """Return the joint executable of several plans, over the kernels that are loaded already.

        Raises:
            UnavailableError: as :meth:`load` does.
        """
        return await self._trust.read([entry.digest for entry in entries], lambda: self._join(entries))

    async def _plan(self, entry: Entry) -> Plan:
        return await asyncio.get_running_loop().run_in_executor(self._loader, self._read, entry.digest)

    async def _join(self, entries: Sequence[Entry]) -> Executable:
        await self._trust.wait_for([entry.digest for entry in entries])
        plans = [await self._plan(entry) for entry in entries]
        await self._trust.wait_for([digest for plan in plans for digest in plan.objects])
        run = asyncio.get_running_loop().run_in_executor
        built = await run(self._loader, self._load_plans, plans, self._objects.fetch)
        built.noted = note_of(entry.digest for entry in entries)
        return built

    async def _load(self, entry: Entry) -> Executable:
        start = self._clock()
        self._notify("loading", entry.digest)
        try:
            loaded = await self._trust.read([entry.digest], lambda: self._load_once(entry))
            loaded.executable.noted = note_of([entry.digest])
            holding = entry.take(loaded, self.ledger)
            seconds = self._clock() - start
            entry.load_seconds = min(entry.load_seconds, max(seconds, LEAST_LOAD))
            self._admit(entry, holding)
            self._tally.loads.observe(seconds)
            return loaded.executable
        finally:
            del self._loading[entry.digest]
            if entry.executable is None:
                self._notify("evicted", entry.digest)

    async def _load_once(self, entry: Entry) -> Loaded:
        run = asyncio.get_running_loop().run_in_executor
        if not self._trust.distrusted and not self._queue.pinned:
            if (loaded := await run(self._loader, self._load_small, entry.digest)) is not None:
                return loaded
        await self._trust.wait_for([entry.digest])
        plan, least = await run(self._loader, self._size, entry.digest)
        await self._trust.wait_for(plan.objects)
        self._make_room(entry, least)
        return await run(self._loader, self._build, plan, entry.digest)

    def _load_small(self, digest: Digest) -> Loaded | None:
        """Load a plan in one visit of the thread; None if it may not fit, which the event loop decides."""
        plan, least = self._size(digest)
        return None if least.bytes > self._budget else self._build(plan, digest)

    def _size(self, digest: Digest) -> tuple[Plan, Holding]:
        """Return a plan, and the least memory that it takes."""
        plan = self._read(digest)
        return plan, Holding.of(digest, plan)

    def _read(self, digest: Digest) -> Plan:
        return Plan.from_tree(decode(self._objects.fetch(digest)))

    def _build(self, plan: Plan, digest: Digest) -> Loaded:
        with self._flight.loading([digest]) if self._flight else nullcontext():
            proof = self._objects.prove([digest, *plan.objects])
            return Loaded.of(digest, plan, self._load_plans(plan, proof.fetch), proof)

    def _make_room(self, entry: Entry, holding: Holding) -> None:
        """Reject a plan that cannot fit even with the pinned plans alone."""
        entries = (self.resident[digest] for digest in self._queue.pinned if digest in self.resident)
        pinned = [other.holding for other in entries if other.holding and other is not entry]
        least = total_bytes([*pinned, holding])
        if least > self._budget:
            addition, remedy = (" with the pinned plans", " or unpin models") if pinned else ("", "")
            raise ExhaustedError(
                f"plan {entry.digest.short}: {least} bytes{addition}, {self._budget} allowed; "
                f"raise PRETZEL_MEMORY_BUDGET{remedy}"
            )

    def _admit(self, entry: Entry, holding: Holding) -> None:
        def freed(other: Entry) -> int:
            return self.ledger.freed(other.holding)

        self.ledger.add(holding)
        self.resident[entry.digest] = entry
        self._queue.add(entry)
        while self.ledger.bytes > self._budget and (victim := self._queue.next(entry, freed, self._clock())):
            self._evict(victim)
        self._upkeep.loaded()

    def _evict(self, entry: Entry) -> None:
        assert entry.holding is not None
        self.ledger.remove(entry.holding)
        self._upkeep.freed(entry.holding.heap)
        self._queue.remove(entry)
        entry.release()
        del self.resident[entry.digest]
        self._tally.counts["evictions"] += 1
        self._notify("evicted", entry.digest)
        for react in self.on_evict:
            react(entry.digest)

    def let_go(self, objects: Collection[Digest]) -> None:
        """Evict the plans among these objects: no version needs them, or a caller released them."""
        self._queue.kept.difference_update(objects)
        for digest in objects:
            if digest in self.resident:
                self._evict(self.resident[digest])

    def bar(self, plans: Mapping[Key, float]) -> None:
        """Bar these plans, by key, until a time of ``time.monotonic()``: they crash the process that runs them."""
        self._bars.until = plans
        self.let_go([digest for digest in self.resident if key_of(digest) in plans])

    def reject_barred(self, plan: Digest) -> None:
        """Raise UnavailableError if a plan is barred."""
        self._bars.reject(plan)

    def distrust(self, objects: Collection[Digest]) -> None:
        """Evict all plans over damaged objects, and build none until :meth:`trust` is called for them.

        Nothing loaded from now on uses the earlier kernels: those read the old maps.
        """
        self._trust.distrust(objects)
        damaged = self._trust.distrusted
        affected = [e for e in self.resident.values() if e.holding and not damaged.isdisjoint(e.holding.objects)]
        inline = {digest for entry in affected if entry.holding for digest in entry.holding.inline}
        for entry in affected:
            if entry.proof:
                entry.proof.revoke()  # for calls that run now
            self._evict(entry)
        self._stages.clear()
        Parameter.forget({*objects, *inline})
        self._objects.forget(objects)

    async def renewed(self, entry: Entry, proof: Proof, since: float) -> bool:
        """Check a plan's objects in files that were changed; return whether an answer may be released.

        Its run began at ``since``, by ``time.monotonic()``, and has ended.

        Damaged objects are distrusted, and reported to be fetched again.
        """
        renewal = proof.renew(since) if proof.is_small else await asyncio.to_thread(proof.renew, since)
        if renewal.damaged:
            log.error("mapped objects were changed", plan=str(entry.digest), objects=list(map(str, renewal.damaged)))
            self.distrust(renewal.damaged)
            for digest in (entry.digest, *renewal.damaged):
                self._doubt(digest)
        if renewal.repeat:
            entry.tables = {}  # they may have been read meanwhile
        return not renewal.repeat

    def trust(self, objects: Collection[Digest]) -> None:
        """Load plans over these objects again: they were fetched again."""
        self._trust.trust(objects)  # first: they are intact, even if the cache cannot be read now
        self._objects.forget(objects)

    def close(self) -> None:
        """Stop loading plans."""
        self._upkeep.close()
        self._loader.shutdown(wait=False, cancel_futures=True)
