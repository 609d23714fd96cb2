"""The placement of all models on the living workers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

from pretzel.control_plane.placement.assign import Site, Wish, assign
from pretzel.control_plane.placement.wishes import Kept

ZONE = "zone"
"""The label of a worker that names what fails together."""


@dataclass(frozen=True)
class Placement:
    """The models that one worker keeps loaded."""

    warm: tuple[str, ...] = ()
    """Evicted after all others."""
    pinned: tuple[str, ...] = ()
    """Never evicted."""

    @cached_property
    def mark(self) -> str:
        """The digest of the contents; empty if there are none."""
        if not (self.warm or self.pinned):
            return ""
        text = "\n".join((*self.warm, "", *self.pinned))
        return blake2b(text.encode(), digest_size=16).hexdigest()

    @cached_property
    def models(self) -> frozenset[str]:
        """All of its models."""
        return frozenset((*self.warm, *self.pinned))


def place(kept: Iterable[Kept], workers: Mapping[str, Mapping[str, str]], spread: int) -> dict[str, Placement]:
    """Return the placement of each worker, by name; ``workers`` are the labels of the living ones.

    Models without replicas of their own get ``spread`` of them; if that is 0, they are kept where they are pinned.
    """
    groups: dict[str, list[Kept]] = defaultdict(list)
    for one in kept:
        groups[one.hints.workers].append(one)
    warm: dict[str, list[str]] = defaultdict(list)
    pinned: dict[str, list[str]] = defaultdict(list)
    for members in groups.values():
        hints = members[0].hints
        sites = [Site(name, labels.get(ZONE, "")) for name, labels in workers.items() if hints.admit(labels)]
        for one, names in _assigned(members, sites, spread):
            for name in names:
                (pinned if one.hints.pin else warm)[name].append(one.model)
    return {name: Placement(tuple(sorted(warm[name])), tuple(sorted(pinned[name]))) for name in workers}


def _assigned(members: list[Kept], sites: list[Site], spread: int) -> Iterable[tuple[Kept, tuple[str, ...]]]:
    """Return the workers of each model of a group."""
    wishes = [Wish(one.model, one.key, replicas) for one in members if (replicas := one.hints.replicas or spread)]
    assigned, everywhere = assign(wishes, sites), tuple(site.name for site in sites)
    return [(one, assigned.get(one.model, everywhere if one.hints.pin and not spread else ())) for one in members]
