"""The order in which plans leave memory: the least recently used, and of the oldest those that are worth least.

The queue is a clock: an entry that was used since it joined moves to the end when its turn comes.  A choice takes time
in proportion to the entries that were used meanwhile, and not to all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from pretzel.data_plane.residency.entry import Entry
from pretzel.plan.digest import Digest

OLDEST = 8
"""Entries that are compared by what their eviction frees, and by what it costs to load them again."""


class EvictionQueue:
    """Resident plans, in about the order of their last use."""

    def __init__(self) -> None:
        self._queue: OrderedDict[Digest, tuple[Entry, float]] = OrderedDict()
        self.pinned: frozenset[Digest] = frozenset()
        """Plans that never leave."""
        self.kept: set[Digest] = set()
        """Plans that leave after all others that are not pinned."""
        self.placed: frozenset[Digest] = frozenset()
        """The same, as the control plane has placed them."""

    def add(self, entry: Entry) -> None:
        """Add a plan that was loaded, at the end."""
        self._queue[entry.digest] = entry, entry.used
        self._queue.move_to_end(entry.digest)

    def remove(self, entry: Entry) -> None:
        """Remove a plan that left memory."""
        self._queue.pop(entry.digest, None)

    def next(self, newest: Entry, freed: Callable[[Entry], int], now: float) -> Entry | None:
        """Return the plan that leaves next, other than the newest; None if all others are pinned."""

        def is_free(entry: Entry) -> bool:
            return entry is not newest and entry.digest not in self.pinned

        def is_guest(entry: Entry) -> bool:
            return is_free(entry) and entry.digest not in self.kept and entry.digest not in self.placed

        victim = self.victim(is_guest, freed, now)
        return victim or (self.victim(is_free, freed, now) if self.kept or self.placed else None)

    def victim(self, may_leave: Callable[[Entry], bool], freed: Callable[[Entry], int], now: float) -> Entry | None:
        """Return the plan that leaves next, among those that may; None if none may.

        Of the oldest, it is the one with the most bytes freed, times seconds unused, per second of loading.
        """
        oldest = self._oldest(may_leave)
        return max(oldest, key=lambda e: (now - e.used) * freed(e) / e.load_seconds, default=None)

    def _oldest(self, may_leave: Callable[[Entry], bool]) -> list[Entry]:
        """Return entries from the front of the queue; used ones, and those that may not leave, move to its end."""
        some: list[Entry] = []
        turns, size = 0, len(self._queue)
        while len(some) < OLDEST and turns < (size if some else 2 * size):
            digest, (entry, since) = self._queue.popitem(last=False)
            turns += 1
            if entry.used == since and may_leave(entry):
                some.append(entry)
                continue
            self._queue[digest] = entry, entry.used
        for entry in reversed(some):
            self._queue[entry.digest] = entry, entry.used
            self._queue.move_to_end(entry.digest, last=False)
        return some
