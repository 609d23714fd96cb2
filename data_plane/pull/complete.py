"""Which versions of a model can be served: those whose plan, and all that it refers to, lie in the cache."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable

import structlog

from pretzel.data_plane.cache.store import ObjectCache
from pretzel.errors import PretzelError
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model
from pretzel.plan.physical import Plan

log = structlog.get_logger(__name__)

Fetch = Callable[[Iterable[Digest]], Awaitable[object]]


class Completer:
    """Brings plans into the cache with all that they refer to, and remembers what that is."""

    def __init__(self, cache: ObjectCache, closures: dict[Digest, tuple[Digest, ...]]) -> None:
        self._cache = cache
        self.closures = closures

    async def complete(self, plans: Collection[Digest], fetch: Fetch) -> set[Digest]:
        """Fetch what plans lack, and return those that are whole in the cache."""
        await fetch(plans)
        for plan in plans:
            if plan not in self.closures and self._cache.has(plan):
                await asyncio.to_thread(self._read, plan)
        known = [plan for plan in plans if plan in self.closures]
        await fetch(digest for plan in known for digest in self.closures[plan])
        return await asyncio.to_thread(lambda: {plan for plan in known if self.is_whole(plan)})

    def is_whole(self, plan: Digest) -> bool:
        """Return whether a plan and all that it refers to are in the cache."""
        return self._cache.has(plan) and all(map(self._cache.has, self.closures[plan]))

    def damaged(self, plan: Digest) -> list[Digest]:
        """Hash a plan and all that it refers to again, and return what is not whole."""
        return [digest for digest in (plan, *self.closures.get(plan, ())) if not self._cache.recheck(digest)]

    def needed(self, plans: Iterable[Digest]) -> set[Digest]:
        """Return plans and all that they refer to; what no plan of these needs is forgotten."""
        kept = set(plans)
        self.closures = {plan: objects for plan, objects in self.closures.items() if plan in kept}
        return kept.union(*self.closures.values())

    def _read(self, digest: Digest) -> None:
        try:
            self.closures[digest] = tuple(Plan.from_encoded(self._cache.fetch(digest)).objects)
        except PretzelError as error:
            log.error("a plan cannot be read", plan=str(digest), error=str(error))


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
