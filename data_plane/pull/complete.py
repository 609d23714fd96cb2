"""Decides which versions of a model can be served: those whose plan and objects are all in the cache."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Mapping, Set
from dataclasses import dataclass, field

import structlog

from pretzel.data_plane.cache.store import ObjectCache
from pretzel.engine import KERNEL_SET
from pretzel.errors import NotFoundError, PreconditionError, PretzelError, UnavailableError, brief
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model
from pretzel.plan.plan import Plan
from pretzel.serving.durable import OUT_OF_SPACE

log = structlog.get_logger(__name__)

Fetch = Callable[[Iterable[Digest]], Awaitable[Mapping[Digest, Exception]]]
"""Fetches the objects that the cache lacks, and returns those that failed, with the reason."""


@dataclass(frozen=True)
class Completed:
    """Plans that can be served, and the reason for each other plan."""

    whole: Set[Digest]
    lacking: Mapping[Digest, str] = field(default_factory=dict)
    """Reason why each other plan is incomplete."""
    out_of_space: bool = False
    """True if the disk was full for one of them."""


class Completer:
    """Fetches plans into the cache with all their objects, and remembers which objects these are."""

    def __init__(self, cache: ObjectCache, closures: dict[Digest, tuple[Digest, ...]]) -> None:
        self._cache = cache
        self.closures = closures
        self._foreign: dict[Digest, PretzelError] = {}
        """Plans for other kernels, and the reason why they are not served."""

    async def complete(self, plans: Collection[Digest], fetch: Fetch, *, unchecked: bool = False) -> Completed:
        """Fetch the missing objects of plans, and return the complete plans; each plan fails separately.

        With ``unchecked``, stored objects count as intact before they were hashed: processes that map them hash them.
        """
        failures = dict(await fetch(plans))
        for plan in plans:
            if plan not in self.closures and plan not in self._foreign and self._cache.has(plan):
                await asyncio.to_thread(self._read, plan)
        failures |= {plan: self._foreign[plan] for plan in plans if plan in self._foreign}
        readable = [plan for plan in plans if plan in self.closures]
        failures |= await fetch(digest for plan in readable for digest in self.closures[plan])
        failures |= await asyncio.to_thread(self._cache.flush)
        whole = await asyncio.to_thread(self._whole, readable, unchecked)
        reasons = {plan: self._reason(plan, failures) for plan in plans if plan not in whole}
        full = any(map(is_full, failures.values()))
        return Completed(whole, {plan: brief(error) for plan, error in reasons.items()}, full)

    def _reason(self, plan: Digest, failures: Mapping[Digest, Exception]) -> Exception:
        """Return why a plan is incomplete: the first of its objects that could not be fetched."""
        for digest in (plan, *self.closures.get(plan, ())):
            if digest in failures:
                return objection(digest, failures[digest])
        return NotFoundError(f"plan {plan}: not all of its objects are in the cache of this worker")

    def _whole(self, plans: Iterable[Digest], unchecked: bool) -> set[Digest]:
        """Return the plans that are in the cache with all their objects."""
        has = self._cache.digests().__contains__ if unchecked else self._cache.has
        return {plan for plan in plans if has(plan) and all(map(has, self.closures[plan]))}

    def needed(self, plans: Iterable[Digest]) -> set[Digest]:
        """Return plans and all their objects."""
        roots = set(plans)
        return roots.union(*(self.closures.get(plan, ()) for plan in roots))

    def forget_all_but(self, plans: Container[Digest]) -> None:
        """Forget the objects of all other plans."""
        self.closures = {plan: objects for plan, objects in self.closures.items() if plan in plans}
        self._foreign = {plan: reason for plan, reason in self._foreign.items() if plan in plans}

    def _read(self, digest: Digest) -> None:
        try:
            plan = Plan.from_encoded(self._cache.fetch(digest))
            if plan.kernel_set != KERNEL_SET:
                self._foreign[digest] = _foreign(digest, plan)
            else:
                self.closures[digest] = tuple(plan.objects)
        except (PretzelError, OSError) as error:
            log.error("a plan cannot be read", plan=str(digest), error=str(error))


def _foreign(digest: Digest, plan: Plan) -> PretzelError:
    """Return why a plan for other kernels is not served."""
    return PreconditionError(
        f"plan {digest}: it is for kernels {plan.kernel_set}, and this worker has {KERNEL_SET}; the model is served "
        "once its control plane has a plan for these: its metrics and its log say what keeps it from that"
    )


def is_full(error: Exception) -> bool:
    """Return whether an object failed because the disk is full."""
    return isinstance(error, OSError) and error.errno in OUT_OF_SPACE


def objection(digest: Digest, error: Exception) -> Exception:
    """Return an error that names its object."""
    if isinstance(error, OSError):
        return UnavailableError(f"object {digest}: {error.strerror or error}")
    return error if str(digest) in str(error) else UnavailableError(f"object {digest}: {error}")


def servable(target: Model, previous: Model | None, whole: Collection[Digest]) -> Model | None:
    """Return the part of a model that can be served now, or None.

    Incomplete versions are left out.  An alias to one of those keeps its previous version, or is left out if it had
    none, so that a damaged object never takes a serving model away.
    """
    versions = {v.version: v for v in target.versions if v.plan in whole}
    before = previous.aliases if previous else {}
    served = {v.version: v for v in (previous.versions if previous else ())}
    aliases = {}
    for alias, number in target.aliases.items():
        old = before.get(alias)
        if number in versions:
            aliases[alias] = number
        elif old in served and served[old].plan in whole:
            aliases[alias] = old
            versions[old] = served[old]
    ordered = tuple(versions[number] for number in sorted(versions))
    return Model(target.name, ordered, aliases) if ordered else None
