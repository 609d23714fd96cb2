"""Answers kept for requests that come again: of models that are named in the settings, within a budget of bytes."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Sequence

from pretzel.data_plane.measure.counters import LookUps, Tally
from pretzel.plan.model import ModelVersion

PRICE_SECONDS = 5e-6
"""Processor time from which an answer is kept: keeping one and finding it later takes 1.3 us."""
MOST_KEY = 64 << 10
"""Bytes of the largest request that is compared with earlier ones."""
ENTRY_BYTES = 200
"""Bytes of an entry besides its request and answer: the ordered dictionary and two tuples."""
ALL = "*"

Kept = tuple[bytes, int]
"""The bytes of an answer, and its rows."""


class ResultCache:
    """The kept answers of one serving process; the least recently used go first.

    Requests are compared byte for byte, and belong to one version of a model, so an answer is the one that the version
    gives.
    """

    def __init__(self, models: Sequence[str], budget: int, tally: Tally) -> None:
        """Keep answers of these models, of all for ``*``, in at most ``budget`` bytes."""
        self._models, self._budget, self._tally = frozenset(models), budget, tally
        self._entries: OrderedDict[tuple[str, bytes], Kept] = OrderedDict()
        self.bytes = 0

    def of(self, version: ModelVersion, protocol: str) -> Results | None:
        """Return the kept answers of a version; None if those of its model are not kept."""
        if not self._budget or not self._models & {version.model, ALL}:
            return None
        return Results(self, f"{protocol}/{version}/{version.plan}", self._tally.look_ups(version.model))

    def get(self, owner: str, request: bytes) -> Kept | None:
        """Return the answer to a request."""
        kept = self._entries.get((owner, request))
        if kept is not None:
            self._entries.move_to_end((owner, request))
        return kept

    def put(self, owner: str, request: bytes, kept: Kept) -> None:
        """Keep an answer, and drop the oldest beyond the budget."""
        size = _size(request, kept)
        if size > self._budget or (owner, request) in self._entries:
            return
        self._entries[owner, request] = kept
        self.bytes += size
        while self.bytes > self._budget:
            (_, oldest), dropped = self._entries.popitem(last=False)
            self.bytes -= _size(oldest, dropped)
            self._tally.counts["result_evictions"] += 1


class Results:
    """The kept answers of one version over one protocol."""

    __slots__ = ("_cache", "_look_ups", "_owner")

    def __init__(self, cache: ResultCache, owner: str, look_ups: LookUps) -> None:
        self._cache, self._owner, self._look_ups = cache, owner, look_ups

    def get(self, request: bytes) -> Kept | None:
        """Return the answer to a request and its rows; None if it is not kept."""
        kept = self._cache.get(self._owner, request) if len(request) <= MOST_KEY else None
        if kept is None:
            self._look_ups.misses += 1
        else:
            self._look_ups.hits += 1
        return kept

    def put(self, request: bytes, answer: bytes, rows: int, seconds: float) -> None:
        """Keep an answer that takes ``seconds`` of processor time, if that is worth it."""
        if seconds >= PRICE_SECONDS and len(request) <= MOST_KEY:
            self._cache.put(self._owner, request, (answer, rows))


def _size(request: bytes, kept: Kept) -> int:
    return ENTRY_BYTES + sys.getsizeof(request) + sys.getsizeof(kept[0])
