"""Routes from model references to plans: the catalog's versions, except new ones that are not warm yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import structlog

from pretzel.data_plane.catalog import DEFAULT_ALIAS, Catalog, elsewhere, split_reference
from pretzel.data_plane.measure.branches import Branch
from pretzel.data_plane.measure.counters import Calls, Tally
from pretzel.data_plane.residency.entry import Entry
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.shadow.copies import Copier, Copies
from pretzel.data_plane.traffic.fork import Fork
from pretzel.errors import NotFoundError, PretzelError, UnavailableError
from pretzel.plan.model import ModelVersion
from pretzel.plan.traffic import SLOTS

log = structlog.get_logger(__name__)

ROUTE, DECODED = 1900, 3
"""Bytes of a route that is called, and for each byte of the record of its version; measured."""


class Route:
    """Target of a reference; kept across calls, so that a known name costs one look-up."""

    __slots__ = ("bytes", "calls", "copier", "entry", "figures", "fork", "version")

    def __init__(self, version: ModelVersion, entry: Entry, calls: Calls, fork: Fork | None = None) -> None:
        self.version, self.entry, self.calls, self.fork = version, entry, calls, fork
        """``fork`` splits the calls of an alias; the version is then that of the alias itself."""
        self.figures: Branch | None = None
        """Counts its calls if it is a branch of a split alias."""
        self.copier: Copier | None = None
        """Makes copies of its calls for a shadow."""
        self.bytes = 0
        """Bytes that it is counted with under the budget."""

    @property
    def entries(self) -> list[Entry]:
        """The plans that its calls may take."""
        branches = self.fork.branches if self.fork is not None else ()
        return list(dict.fromkeys((self.entry, *(branch.entry for branch in branches))))


class Router:
    """Finds routes, and moves them to a new catalog once their new plans are warm."""

    def __init__(
        self,
        plans: PlanCatalog,
        tally: Tally,
        pinned: Sequence[str] = (),
        weights: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        self._plans, self._tally, self._pinned, self._weights = plans, tally, pinned, weights
        self.catalog = Catalog()
        self.copies: Copies | None = None
        """Takes copies of calls for shadows."""
        self.on_move: list[Callable[[Sequence[str]], None]] = []
        """Called with references whose routes may have moved."""
        self.placed_pins: Sequence[str] = ()
        """Models that the control plane has pinned here, besides those of the settings."""
        self.held: Mapping[str, str] = {}
        """Models with a version that this worker does not serve, and the reason."""
        self._routes: dict[str, Route] = {}
        self._references: dict[str, set[str]] = {}
        """The references of each model that have a route."""
        self._late: set[str] = set()
        """Models with a reference that could not move to their present version."""

    def find(self, reference: str) -> Route:
        """Return the route of a reference.

        Raises:
            NotFoundError: the model, version or alias does not exist.
            UnavailableError: it may exist, but this worker holds a version of the model back.
        """
        route = self._routes.get(reference)
        if route is None:
            route = self._route(self._find(reference), self.catalog, reference)
            self._keep(reference, route)
        return route

    def _keep(self, reference: str, route: Route) -> None:
        self._routes[reference] = route
        route.bytes = self._bytes_of(route.version.model) * len(route.entries) + (SLOTS if route.fork else 0)
        self._plans.ledger.charge(route.bytes)
        self._references.setdefault(route.version.model, set()).add(reference)

    def _bytes_of(self, name: str) -> int:
        """Return about the bytes of a route of a model, with its numbers in metrics and its decoded metadata."""
        model = self.catalog.get(name)
        return ROUTE + (DECODED * len(self.catalog.records[name]) // max(len(model.versions), 1) if model else 0)

    def _find(self, reference: str) -> ModelVersion:
        try:
            return self.catalog.find(reference)
        except NotFoundError:
            name = reference if reference in self.catalog.records else split_reference(reference)[0]
            if reason := elsewhere(self.catalog.get(name)):
                raise UnavailableError(f"model {reference[:200]!r}: {reason}") from None
            name = reference if reference in self.held else split_reference(reference)[0]
            if name not in self.held:
                raise
            raise UnavailableError(
                f"model {reference[:200]!r}: held back on this worker: {self.held[name]}; retry, or use another worker"
            ) from None

    async def apply(self, catalog: Catalog) -> dict[str, str]:
        """Move to another catalog, and return the references that did not move, each with the reason.

        A reference whose present plan is resident moves once its new plan is resident; if that cannot be loaded, the
        reference keeps its plan until a catalog is applied again.
        """
        waiting = self._move(catalog)
        pins = self._pins(catalog)
        self._plans.pin([entry.digest for route in pins.values() for entry in route.entries])
        warmed = await asyncio.gather(*map(self._warm, waiting.values()))
        pinned = await asyncio.gather(*map(self._warm, pins.values()))
        problems = {r: why for r, why in zip((*waiting, *pins), (*warmed, *pinned), strict=True) if why}
        self._commit(catalog, waiting, problems)
        return problems

    def _move(self, catalog: Catalog) -> dict[str, Route]:
        """Return the new routes of the changed references that wait for their plans; the others move at once."""
        waiting: dict[str, Route] = {}
        for reference in self._changed(catalog):
            old = self._routes[reference]
            try:
                new = self._route(catalog.find(reference), catalog, reference)
            except NotFoundError:
                continue
            if old.entry.executable is not None and not {*new.entries} <= {*old.entries}:
                waiting[reference] = new
        return waiting

    def _commit(self, catalog: Catalog, waiting: Mapping[str, Route], problems: Mapping[str, str]) -> None:
        """Serve a catalog: a changed reference takes its new route, or is found again at its next request."""
        changed, self._late = self._changed(catalog), set()  # in this order
        late = [reference for reference in changed if reference in problems]
        self._late.update(self._routes[reference].version.model for reference in late)
        moved = [reference for reference in changed if reference not in problems]
        for reference in moved:
            self._forget(reference, self._routes[reference])
            if reference in waiting:
                self._keep(reference, waiting[reference])
        self.catalog = catalog
        for react in self.on_move:
            react(moved)

    def _changed(self, catalog: Catalog) -> list[str]:
        """Return the references with a route whose model another catalog has differently, or that are late."""
        changed, gone = catalog.records.since(self.catalog.records)
        models = {*changed, *gone, *self._late}
        references = {reference for model in models for reference in self._references.get(model, ())}
        return [*references, *(model for model in models - references if model in self._routes)]

    def _forget(self, reference: str, route: Route) -> None:
        del self._routes[reference]
        self._plans.ledger.charge(-route.bytes)
        others = self._references[route.version.model]
        others.discard(reference)
        if not others:
            del self._references[route.version.model]

    async def _warm(self, route: Route) -> str:
        """Load the plans of a route; return the reason if one fails, else an empty string."""
        for entry in route.entries:
            try:
                await self._plans.load(entry)
            except PretzelError as error:
                plan = str(entry.digest)
                log.error("a plan cannot be warmed; the old version still serves", plan=plan, error=str(error))
                return str(error)
        return ""

    def _pins(self, catalog: Catalog) -> dict[str, Route]:
        """Return the routes of the pinned models, by their versions."""
        routes = {}
        for reference in dict.fromkeys((*self._pinned, *self.placed_pins)):
            try:
                version = catalog.find(reference)
            except NotFoundError:
                log.warning("a pinned model does not exist", model=reference)
                continue
            routes[str(version)] = self._route(version, catalog, reference)
        return routes

    def _route(self, version: ModelVersion, catalog: Catalog, reference: str) -> Route:
        """Return the route of a reference to a version, with a fork if a catalog splits its calls."""
        runs = catalog.split(reference)
        fork = None
        if runs:
            branches = {number: self._branch(catalog.find(f"{version.model}@{number}")) for number, _ in runs}
            for number, branch in branches.items():
                branch.figures = self._tally.branches.of(version.model, number)
            fork = Fork(version.model, [(branches[number], slots) for number, slots in runs])
        route = self._branch(version, fork)
        shadow = catalog.shadow(reference)
        if shadow is not None and self.copies is not None:
            target = self._plans.entry(catalog.find(f"{version.model}@{shadow.version}").plan)
            alias = split_reference(reference)[2] if reference != version.model else DEFAULT_ALIAS
            for branch in {route, *(fork.branches if fork else ())}:
                branch.copier = self.copies.copier(version.model, alias, shadow, branch.version.version, target)
        return route

    def _branch(self, version: ModelVersion, fork: Fork | None = None) -> Route:
        entry = self._plans.entry(version.plan)
        if version.model in self._weights:
            entry.weigh(self._weights[version.model])
        return Route(version, entry, self._tally.calls("Predict", version.model), fork)
