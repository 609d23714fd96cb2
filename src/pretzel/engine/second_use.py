"""A cache for deployments: siblings share a dictionary, which is used again, and have weights that are used once.

An entry is on trial until its second use.  Entries on trial get a small part of the cache, so that weights leave it
soon and its memory is that of what is shared.  The keys of those that left are remembered for a while: if one is asked
for again, the entry is kept at once, however much came in between.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

TRIAL = 128
"""Entries on trial take at most this part of the bytes and of the number: one in 128."""
REMEMBERED = 4096
"""Keys remembered after their entry left."""


class SecondUseCache(Generic[K, V]):
    """A cache bounded in bytes and in number, least recently used first.  Thread-safe."""

    def __init__(self, budget: int, size: Callable[[V], int], count: int = 1 << 20) -> None:
        """Create an empty cache of ``budget`` bytes; ``size`` returns the bytes of a value."""
        self.budget, self.count, self._size = budget, count, size
        self.hits = self.misses = 0
        self._trial: OrderedDict[K, V] = OrderedDict()
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._left: OrderedDict[K, None] = OrderedDict()
        self._bytes = {id(self._trial): 0, id(self._kept): 0}
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Bytes in the cache."""
        return sum(self._bytes.values())

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._trial) + len(self._kept)

    def get(self, key: K) -> V | None:
        """Return a value, which is then kept, or None."""
        with self._lock:
            value = self._take(self._trial, key)
            if value is None:
                value = self._take(self._kept, key)
            if value is None:
                self.misses += 1
                return None
            self.hits += 1
            self._put(self._kept, key, value, 1)
            return value

    def add(self, key: K, value: V) -> None:
        """Add a value: on trial, unless its key was in the cache before."""
        with self._lock:
            known = key in self._left
            self._left.pop(key, None)
            for part in (self._trial, self._kept):
                known |= self._take(part, key) is not None
            self._put(self._kept if known else self._trial, key, value, 1 if known else TRIAL)

    def drop(self, key: K) -> None:
        """Remove an entry, if it is there."""
        with self._lock:
            for part in (self._trial, self._kept):
                self._take(part, key)

    def _take(self, part: OrderedDict[K, V], key: K) -> V | None:
        value = part.pop(key, None)
        if value is not None:
            self._bytes[id(part)] -= self._size(value)
        return value

    def _put(self, part: OrderedDict[K, V], key: K, value: V, share: int) -> None:
        part[key] = value
        self._bytes[id(part)] += self._size(value)
        while part and (self._bytes[id(part)] > self.budget // share or len(part) > max(1, self.count // share)):
            oldest = next(iter(part))
            self._take(part, oldest)
            self._left[oldest] = None
        while len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
