"""Holds on objects by running work in this process: no collection removes them, and they end with the process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from pretzel.plan.digest import Digest


class Hold:
    """The objects that one upload or deployment holds, so that no collection removes them."""

    def __init__(self, take: Callable[[list[Digest]], None]) -> None:
        self._take = take
        self.held: set[Digest] = set()

    def add(self, digests: Iterable[Digest]) -> None:
        """Hold further objects: those in the store when this returns stay there."""
        new = [digest for digest in dict.fromkeys(digests) if digest not in self.held]
        self._take(new)
        self.held.update(new)


class Holds:
    """All held objects.  Safe for several threads."""

    def __init__(self) -> None:
        self._counts: Counter[Digest] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def holding(self) -> Iterator[Hold]:
        """Hold the added objects while the block runs."""
        hold = Hold(self._add)
        try:
            yield hold
        finally:
            with self._lock:
                self._counts -= Counter(hold.held)

    @contextmanager
    def excluded(self, digests: Iterable[Digest]) -> Iterator[list[Digest]]:
        """Yield the objects without a hold; none can be held while the block runs."""
        with self._lock:
            yield [digest for digest in digests if not self._counts[digest]]

    def _add(self, digests: list[Digest]) -> None:
        with self._lock:
            self._counts.update(digests)
