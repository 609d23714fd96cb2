"""The parts of a serving process that answer requests, whatever the protocol."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property

from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.oip.faults import quoted, unknown_model, wrong
from pretzel.data_plane.oip.signature import Signatures
from pretzel.data_plane.oip.statistics import Statistics
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.residency.results import ResultCache
from pretzel.data_plane.residency.routes import Route, Router
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.settings import Settings


@dataclass(frozen=True)
class Backend:
    """The parts over which the protocol is spoken."""

    settings: Settings
    lookup: Callable[[str], Awaitable[Route]]
    """Returns the route of a reference."""
    router: Router
    plans: PlanCatalog
    objects: ObjectReader
    engine: RequestEngine
    tally: Tally
    results: ResultCache | None = None
    statistics: Statistics = field(default_factory=Statistics)

    @cached_property
    def signatures(self) -> Signatures:
        """The tensors of the models."""
        return Signatures(self.plans, self.objects.fetch)

    async def route(self, name: str, version: str) -> Route:
        """Return the route of a model, by its name or ``name:alias``, and a version or none.

        Raises:
            InputError: the version is not a number.
            NotFoundError: the model, version or alias does not exist.
        """
        if not name:
            raise unknown_model(name)
        return await self.lookup(f"{name}@{number_of(version)}" if version else name)


def number_of(version: str) -> int:
    """Return the number of a version, which travels in decimal.

    Raises:
        InputError: it is not a number.
    """
    if not (version.isascii() and version.isdecimal()) or len(version) > 19:
        problem = f"failed to get model version from specified version string {quoted(version)}"
        raise wrong("model_version", f"{problem}: version should be an integer > 0 value")
    return int(version)
