"""Keeps the models loaded that the control plane has placed on this worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog

from pretzel.data_plane.catalog import Catalog, under
from pretzel.data_plane.records import Records
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.errors import NotFoundError, PretzelError
from pretzel.plan.digest import Digest

log = structlog.get_logger(__name__)

_BREATH = 20
"""Models that are looked up before the event loop runs other work."""


class Warming:
    """Loads the plans of placed models one after another while requests run, and has them evicted last."""

    def __init__(self, plans: PlanCatalog, catalog: Callable[[], Catalog]) -> None:
        """Load into ``plans`` what ``catalog`` has under the alias `stable`."""
        self._plans, self._catalog = plans, catalog
        self._warm: frozenset[str] = frozenset()
        self._found: dict[str, tuple[Digest, ...]] = {}
        """The plans of the placed models."""
        self._seen = Records()
        """The catalog that they are of."""
        self._placed: frozenset[Digest] = frozenset()
        self._uncalled: dict[Digest, float] = {}
        """The plans that were loaded here, with the time of the load, which their first call changes."""
        self._changed = asyncio.Event()
        self._full = False
        plans.on_evict.append(self._evicted)

    def place(self, models: Iterable[str]) -> None:
        """Keep these models loaded from now on, and no others."""
        self._warm = frozenset(models)
        self._found = {name: plans for name, plans in self._found.items() if name in self._warm}
        self._changed.set()

    def look(self) -> None:
        """Look at the catalog again: it has changed."""
        if self._warm:
            self._changed.set()

    async def run(self) -> None:
        """Load what is placed until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._find(self._catalog().records)
            placed = dict.fromkeys(digest for plans in self._found.values() for digest in plans)
            self._placed = frozenset(placed)
            self._plans.place(self._placed)
            self._release()
            await self._load(placed)

    async def _find(self, records: Records) -> None:
        """Look up the models that were placed or changed."""
        changed, gone = records.since(self._seen)
        for name in self._warm & {*changed, *gone}:
            self._found.pop(name, None)
        self._seen = records
        catalog = self._catalog()
        for i, name in enumerate(sorted(self._warm - self._found.keys())):
            self._found[name] = _plans_of(catalog, name)
            if i % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)

    def _release(self) -> None:
        """Evict plans that were loaded for an earlier placement and never called: they are placed elsewhere now."""
        moved = {digest: self._uncalled.pop(digest) for digest in [*self._uncalled] if digest not in self._placed}
        resident = ((digest, self._plans.resident.get(digest)) for digest in moved)
        self._plans.let_go(
            [
                digest
                for digest, entry in resident
                if entry is not None and entry.used == moved[digest] and not self._plans.is_pinned(digest)
            ]
        )

    async def _load(self, placed: Iterable[Digest]) -> None:
        """Load plans until one of them would have to go for another."""
        self._full = False
        for digest in placed:
            if self._changed.is_set():
                return
            if digest in self._plans.resident:
                continue
            try:
                entry = self._plans.entry(digest)
                await self._plans.load(entry)
                self._uncalled[digest] = entry.used
            except PretzelError as error:
                log.warning("a placed plan cannot be loaded", plan=str(digest), error=str(error))
            if self._full:
                log.warning("the models placed on this worker do not fit into its memory budget")
                return

    def _evicted(self, digest: Digest) -> None:
        self._uncalled.pop(digest, None)
        self._full = self._full or digest in self._placed


def _plans_of(catalog: Catalog, name: str) -> tuple[Digest, ...]:
    """Return the plans that the calls of a model may take; none if it is not served."""
    model = catalog.get(name)
    if model is None:
        return ()
    try:
        runs = catalog.split(name)
        versions = [catalog.find(f"{name}@{number}") for number, _ in runs] or [under(model, "stable")]
    except NotFoundError:
        return ()
    return tuple(version.plan for version in versions)
