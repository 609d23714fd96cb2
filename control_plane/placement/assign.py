"""Assigns models to workers by what they share: rendezvous hashing of parameter sets, with bounded load.

A set is the models that share their largest parameters.  It goes to the workers with the highest hash of set and
worker.  Large sets are cut into pieces, and workers that are full are passed over, so that the models are spread
evenly.  A worker that joins takes over its part, and little else moves.  The replicas of a model are in different zones
as far as there are any.  The result depends on nothing but the arguments, so that every control plane finds the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

SLACK = 1.1
"""Models that a worker takes before it counts as full, over an equal share."""
PIECES = 10
"""A piece is at most this part of an equal share, so that large sets do not fill a worker at once."""
_ROWS = 2000
"""Sets that are ranked together: a matrix of them and of all workers is in memory."""
Set = tuple[str, int]
"""The key of what models share, and their replicas."""


@dataclass(frozen=True, slots=True)
class Site:
    """A worker, as a place for models."""

    name: str
    zone: str = ""
    """Workers of one zone fail together; one without a zone fails alone."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A model that some workers are to keep loaded."""

    model: str
    key: str
    """The key of the parameters that it shares with other models."""
    replicas: int


def assign(wishes: Iterable[Wish], sites: Iterable[Site], slack: float = SLACK) -> dict[str, tuple[str, ...]]:
    """Return the workers that keep each model loaded, by model; fewer than wished if there are not as many."""
    places = sorted(set(sites), key=lambda site: site.name)
    sets: dict[Set, list[str]] = defaultdict(list)
    for wish in wishes:
        sets[wish.key, min(wish.replicas, len(places))].append(wish.model)
    if not places:
        return {}
    share = sum(len(models) * replicas for (_, replicas), models in sets.items()) / len(places)
    board, size = _Board(places, slack * share), max(1, int(share / PIECES))
    assigned: dict[str, tuple[str, ...]] = {}
    for (_, replicas), models, ranked in _ranked(sets, places):
        for piece in _pieces(sorted(models), size):
            chosen = tuple(places[place].name for place in board.choose(ranked, len(piece), replicas))
            assigned.update(dict.fromkeys(piece, chosen))
    return assigned


def _ranked(sets: dict[Set, list[str]], places: Sequence[Site]) -> Iterator[tuple[Set, list[str], list[int]]]:
    """Yield the sets, the largest first, with the places in the order of their hashes."""
    ordered = sorted(sets.items(), key=lambda item: (-len(item[1]), item[0]))
    of_places = np.array([_hash(place.name) for place in places], dtype=np.uint64)
    for first in range(0, len(ordered), _ROWS):
        some = ordered[first : first + _ROWS]
        of_sets = np.array([_hash(key) for (key, _), _ in some], dtype=np.uint64)
        ranks = np.argsort(_mixed(of_sets[:, None], of_places[None, :]), axis=1, kind="stable")[:, ::-1]
        for (found, models), ranked in zip(some, ranks.tolist(), strict=True):
            yield found, models, ranked


class _Board:
    """The number of models on each place while they are assigned."""

    def __init__(self, places: Sequence[Site], most: float) -> None:
        self._most, self._held = most, [0] * len(places)
        self._zones = [("zone", place.zone) if place.zone else ("alone", place.name) for place in places]
        self._distinct = len(set(self._zones))

    def choose(self, ranked: Sequence[int], count: int, replicas: int) -> list[int]:
        """Return the places of a piece, and note that they hold it."""

        def has_room(place: int) -> bool:
            return self._held[place] + count <= self._most

        chosen = self._pick(ranked, replicas, has_room)
        if len(chosen) < replicas:
            emptiest = sorted(ranked, key=self._held.__getitem__)
            chosen = self._pick(emptiest, replicas, lambda place: True)
        for place in chosen:
            self._held[place] += count
        return chosen

    def _pick(self, ranked: Sequence[int], replicas: int, suits: Callable[[int], bool]) -> list[int]:
        """Return the first places that suit, in as many zones as there are; fewer if they do not suffice."""
        chosen: list[int] = []
        zones: set[tuple[str, str]] = set()
        apart = min(replicas, self._distinct)
        for place in ranked:
            if len(chosen) == apart:
                break
            if self._zones[place] not in zones and suits(place):
                chosen.append(place)
                zones.add(self._zones[place])
        if len(chosen) == apart < replicas:
            others = (place for place in ranked if place not in chosen and suits(place))
            chosen += [place for place, _ in zip(others, range(replicas - apart), strict=False)]
        return chosen


def _pieces(models: list[str], size: int) -> Iterator[list[str]]:
    for first in range(0, len(models), size):
        yield models[first : first + size]


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def _mixed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return hashes of pairs of hashes (the finalizer of splitmix64)."""
    with np.errstate(over="ignore"):
        mixed: np.ndarray = a * np.uint64(0x9E3779B97F4A7C15) + b * np.uint64(0xD1B54A32D192ED03)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
            mixed = (mixed ^ np.right_shift(mixed, np.uint64(shift))) * np.uint64(factor)
    return mixed
