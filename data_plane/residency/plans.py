"""The plan catalog of one serving process: plans are loaded when they are first asked for, and leave under a budget."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any

import structlog

from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.engines.cost import Cost
from pretzel.data_plane.measure.tally import Tally
from pretzel.data_plane.residency.ledger import Ledger, total_bytes
from pretzel.data_plane.residency.memory import give_back
from pretzel.engine import Executable, StageCatalog, load
from pretzel.errors import CorruptObjectError, ExhaustedError, NotFoundError, UnavailableError
from pretzel.plan.digest import Digest
from pretzel.plan.parts import is_optional
from pretzel.plan.physical import Plan

log = structlog.get_logger(__name__)


class Entry:
    """One plan, resident or not; a route keeps its entry, so that finding it again costs nothing."""

    __slots__ = ("__weakref__", "_optional_cost", "_usual_cost", "digest", "executable", "plan", "tables", "used")

    def __init__(self, digest: Digest) -> None:
        self.digest = digest
        self.plan: Plan | None = None
        self.executable: Executable | None = None
        """None where the plan is not resident; a caller that took it may finish with it whatever happens here."""
        self._usual_cost, self._optional_cost = Cost(), Cost()
        self.tables: dict[str, Any] = {}
        """Label tables by output, in the form in which they are sent."""
        self.used = 0.0
        """When it was last asked for."""

    def cost_of(self, outputs: Sequence[str] | None) -> Cost:
        """Return what requests for such outputs cost: those with an optional one may take a hundred times as long."""
        return self._optional_cost if outputs and any_optional(tuple(outputs)) else self._usual_cost


@lru_cache(maxsize=256)
def any_optional(outputs: tuple[str, ...]) -> bool:
    """Whether some of these outputs are optional."""
    return any(map(is_optional, outputs))


class PlanCatalog:
    """Loads plans off the event loop, each once however many ask, and lets the least recently used go."""

    def __init__(
        self,
        objects: ObjectReader,
        budget: int,
        *,
        tally: Tally | None = None,
        doubt: Callable[[Digest], None] = lambda plan: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin empty; ``doubt`` is told of plans whose objects turned out damaged."""
        self._objects, self._budget, self._clock, self._doubt = objects, budget, clock, doubt
        self._tally = tally or Tally()
        self._stages = StageCatalog()
        self._ledger = Ledger()
        self._entries: weakref.WeakValueDictionary[Digest, Entry] = weakref.WeakValueDictionary()
        self.resident: dict[Digest, Entry] = {}
        self._loading: dict[Digest, asyncio.Task[Executable]] = {}
        self._pinned: frozenset[Digest] = frozenset()
        self._loader = ThreadPoolExecutor(1, "loader")  # one: loading must not take the cores from requests
        self.on_evict: list[Callable[[Digest], None]] = []

    @property
    def bytes(self) -> int:
        """Bytes of the resident plans."""
        return self._ledger.bytes

    def entry(self, digest: Digest) -> Entry:
        """Return the entry of a plan, resident or not."""
        entry = self._entries.get(digest)
        if entry is None:
            entry = self._entries[digest] = Entry(digest)
        return entry

    async def load(self, entry: Entry) -> Executable:
        """Return the executable of a plan, loaded first if need be.

        Raises:
            ExhaustedError: it does not fit into the memory budget.
            UnavailableError: an object of it is damaged or missing and is being fetched again, or the machine has no
                descriptor or memory for it now.
            DefinitionError: these kernels cannot run it.
        """
        entry.used = self._clock()
        if entry.executable is not None:
            return entry.executable
        task = self._loading.get(entry.digest)
        if task is None:
            task = self._loading[entry.digest] = asyncio.create_task(self._load(entry))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen, if by no caller
        return await asyncio.shield(task)  # a caller who gives up must not fail the others

    def pin(self, digests: Collection[Digest]) -> None:
        """Keep these plans, once loaded, whatever the budget; those pinned before are free to go."""
        self._pinned = frozenset(digests)

    async def plan(self, entry: Entry) -> Plan:
        """Return a plan, resident or not, without loading its parameters."""
        if entry.plan is not None:
            return entry.plan
        return await asyncio.get_running_loop().run_in_executor(self._loader, self._read, entry.digest)

    async def load_together(self, entries: Sequence[Entry]) -> Executable:
        """Return what runs several plans at once, over the kernels that they have here already."""
        plans = [await self.plan(entry) for entry in entries]
        work = partial(load, plans, self._objects.fetch, catalog=self._stages)
        return await asyncio.get_running_loop().run_in_executor(self._loader, work)

    async def _load(self, entry: Entry) -> Executable:
        start = self._clock()
        try:
            run = asyncio.get_running_loop().run_in_executor
            entry.plan = plan = await run(self._loader, self._read, entry.digest)
            self._make_room(entry, plan)
            executable = await run(self._loader, self._build, plan)
            self._admit(entry, plan, executable)
            self._tally.loads.observe(self._clock() - start)
            return executable
        except (CorruptObjectError, NotFoundError) as error:
            self._tally.counts["load_failures"] += 1
            log.error("a plan cannot be loaded", plan=str(entry.digest), error=str(error))
            self._doubt(entry.digest)
            raise UnavailableError(f"plan {entry.digest.short}: {error}; it is being fetched again, retry") from error
        except (OSError, MemoryError) as error:  # no descriptor, no memory, a failing disk: perhaps not for long
            self._tally.counts["load_failures"] += 1
            raise UnavailableError(f"plan {entry.digest.short}: cannot be loaded now ({error}); retry") from error
        finally:
            del self._loading[entry.digest]

    def _read(self, digest: Digest) -> Plan:
        return Plan.from_encoded(self._objects.fetch(digest))

    def _build(self, plan: Plan) -> Executable:
        for digest in plan.objects:
            self._objects.prefault(digest)
        return load(plan, self._objects.fetch, catalog=self._stages)

    def _make_room(self, entry: Entry, plan: Plan) -> None:
        """Refuse what cannot fit even beside the pinned plans alone."""
        pinned = {d: e.plan for d, e in self.resident.items() if d in self._pinned and e.plan}
        least = total_bytes(pinned | {entry.digest: plan})
        if least > self._budget:
            beside, remedy = (" with the pinned plans", " or unpin models") if pinned else ("", "")
            raise ExhaustedError(
                f"plan {entry.digest.short}: {least} bytes{beside}, {self._budget} allowed; "
                f"raise PRETZEL_MEMORY_BUDGET{remedy}"
            )

    def _admit(self, entry: Entry, plan: Plan, executable: Executable) -> None:
        self._ledger.add(entry.digest, plan)
        entry.executable = executable
        self.resident[entry.digest] = entry
        evicted = False
        while self._ledger.bytes > self._budget and (victim := self._least_recently_used(entry)):
            self._evict(victim)
            evicted = True
        if evicted:
            self._loader.submit(give_back)

    def _least_recently_used(self, newest: Entry) -> Entry | None:
        free = (e for d, e in self.resident.items() if d not in self._pinned and e is not newest)
        return min(free, key=lambda entry: entry.used, default=None)

    def _evict(self, entry: Entry) -> None:
        assert entry.plan is not None
        self._ledger.remove(entry.digest, entry.plan)
        entry.executable = entry.plan = None
        entry.tables = {}
        del self.resident[entry.digest]
        self._tally.counts["evictions"] += 1
        for tell in self.on_evict:
            tell(entry.digest)

    def close(self) -> None:
        """Load no more."""
        self._loader.shutdown(wait=False, cancel_futures=True)
