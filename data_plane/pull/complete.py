"""Which versions of a model can be served: those whose plan, and all that it refers to, lie in the cache."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Mapping, Set
from dataclasses import dataclass, field

import structlog

from pretzel.data_plane.cache.store import ObjectCache
from pretzel.errors import NotFoundError, PretzelError, UnavailableError, brief
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model
from pretzel.plan.plan import Plan
from pretzel.serving.durable import OUT_OF_SPACE

log = structlog.get_logger(__name__)

Fetch = Callable[[Iterable[Digest]], Awaitable[Mapping[Digest, Exception]]]
"""Brings in what the cache lacks of some objects, and returns what could not be brought in, with the reason."""


@dataclass(frozen=True)
class Completed:
    """Which plans can be served, and what the others lack."""

    whole: Set[Digest]
    lacking: Mapping[Digest, str] = field(default_factory=dict)
    """Why each other plan is not whole."""
    out_of_space: bool = False
    """Whether the disk was full for one of them."""


class Completer:
    """Brings plans into the cache with all that they refer to, and remembers what that is."""

    def __init__(self, cache: ObjectCache, closures: dict[Digest, tuple[Digest, ...]]) -> None:
        self._cache = cache
        self.closures = closures

    async def complete(self, plans: Collection[Digest], fetch: Fetch) -> Completed:
        """Fetch what plans lack, and return those that are whole in the cache; each stands for itself."""
        failures = dict(await fetch(plans))
        for plan in plans:
            if plan not in self.closures and self._cache.has(plan):
                await asyncio.to_thread(self._read, plan)
        known = [plan for plan in plans if plan in self.closures]
        failures |= await fetch(digest for plan in known for digest in self.closures[plan])
        failures |= await asyncio.to_thread(self._cache.flush)
        whole = await asyncio.to_thread(lambda: {plan for plan in known if self.is_whole(plan)})
        reasons = {plan: self._reason(plan, failures) for plan in plans if plan not in whole}
        full = any(map(is_full, failures.values()))
        return Completed(whole, {plan: brief(error) for plan, error in reasons.items()}, full)

    def _reason(self, plan: Digest, failures: Mapping[Digest, Exception]) -> Exception:
        """Return why a plan is not whole: the first of its objects that could not be brought in."""
        for digest in (plan, *self.closures.get(plan, ())):
            if digest in failures:
                return objection(digest, failures[digest])
        return NotFoundError(f"plan {plan}: not all of its objects are in the cache of this worker")

    def is_whole(self, plan: Digest) -> bool:
        """Return whether a plan and all that it refers to are in the cache."""
        return self._cache.has(plan) and all(map(self._cache.has, self.closures[plan]))

    def needed(self, plans: Iterable[Digest]) -> set[Digest]:
        """Return plans and all that they refer to."""
        kept = set(plans)
        return kept.union(*(self.closures.get(plan, ()) for plan in kept))

    def forget_all_but(self, plans: Container[Digest]) -> None:
        """Forget what plans refer to that are not among these."""
        self.closures = {plan: objects for plan, objects in self.closures.items() if plan in plans}

    def _read(self, digest: Digest) -> None:
        try:
            self.closures[digest] = tuple(Plan.from_encoded(self._cache.fetch(digest)).objects)
        except (PretzelError, OSError) as error:
            log.error("a plan cannot be read", plan=str(digest), error=str(error))


def is_full(error: Exception) -> bool:
    """Return whether an object failed because the disk has no room."""
    return isinstance(error, OSError) and error.errno in OUT_OF_SPACE


def objection(digest: Digest, error: Exception) -> Exception:
    """Return an error that names the object it is about."""
    if isinstance(error, OSError):
        return UnavailableError(f"object {digest}: {error.strerror or error}")
    return error if str(digest) in str(error) else UnavailableError(f"object {digest}: {error}")


def servable(wanted: Model, previous: Model | None, whole: Collection[Digest]) -> Model | None:
    """Return what of a model can be served now, or None.

    Versions that are not whole are left out.  An alias to one of those stays where it was before, and goes if it was
    nowhere, so that a damaged object never takes a serving model away.
    """
    versions = {v.version: v for v in wanted.versions if v.plan in whole}
    before = previous.aliases if previous else {}
    kept = {v.version: v for v in (previous.versions if previous else ())}
    aliases = {}
    for alias, number in wanted.aliases.items():
        old = before.get(alias)
        if number in versions:
            aliases[alias] = number
        elif old in kept and kept[old].plan in whole:
            aliases[alias] = old
            versions[old] = kept[old]
    ordered = tuple(versions[number] for number in sorted(versions))
    return Model(wanted.name, ordered, aliases) if ordered else None
