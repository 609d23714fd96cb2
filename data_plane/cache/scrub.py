"""Looks for damage in a cache in use: scrubs everything at a bounded rate, and checks suspected objects at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator

import structlog

from pretzel.data_plane.cache.store import ObjectCache
from pretzel.plan.digest import Digest

log = structlog.get_logger(__name__)


FIRST_REST = 4.0
"""Rest after each object that is checked after a start, in times of its check: calls need the cores then."""


class Stopped(Exception):
    """The scrubber was closed while it waited."""


class Scrubber:
    """Re-reads objects and compares them with their digests; damaged ones leave the cache.

    It reads files instead of maps, so that a truncated file raises an error and not a signal.  File and map share the
    pages of the kernel, so the bytes read are those that serving processes see.
    """

    def __init__(self, cache: ObjectCache, bytes_per_second: int) -> None:
        """Prepare; with a rate of 0 only suspected objects are read."""
        self._cache, self._rate = cache, bytes_per_second
        self._closed = threading.Event()
        self.scrubbed_bytes = 0
        """Bytes read and compared."""
        self.passed = 0.0
        """End of the last complete pass, by ``time.time()``; 0 before the first."""

    @property
    def is_on(self) -> bool:
        """True if all objects are scrubbed periodically."""
        return self._rate > 0

    def all(self) -> Iterator[Digest]:
        """Read all objects once at the bounded rate, and yield the damaged ones as they are found.

        Raises:
            Stopped: the scrubber was closed.
        """
        for digest in sorted(self._cache.known()):
            if not self._cache.recheck(digest, self._pace):
                yield digest
        self.passed = time.time()

    def first(self) -> Iterator[Digest]:
        """Read the objects that have not been checked since the start, and yield the damaged ones as they are found.

        Raises:
            Stopped: the scrubber was closed.
        """
        for digest in sorted(self._cache.digests() - self._cache.known()):
            began = time.monotonic()
            if not self._cache.has(digest):
                yield digest
            self._rest(FIRST_REST * (time.monotonic() - began))

    def expel(self) -> list[Digest]:
        """Move foreign files in the place of the cache's own to quarantine, and return the objects lost by them."""
        paths, lost = self._cache.expel()
        for path in paths:
            log.error("a path of the cache is not a regular file of it and is moved to quarantine", path=str(path))
        return lost

    def touched(self) -> list[Digest]:
        """Check objects whose files another program wrote to, and return the damaged ones."""
        return self.check(self._cache.touched())

    def check(self, digests: Collection[Digest]) -> list[Digest]:
        """Check these objects at once, and return the damaged or missing ones."""
        return [digest for digest in digests if not self._cache.recheck(digest, self._count)]

    def close(self) -> None:
        """Stop running checks."""
        self._closed.set()

    def _pace(self, size: int) -> None:
        self._count(size)
        self._rest(size / self._rate)

    def _rest(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise Stopped

    def _count(self, size: int) -> None:
        self.scrubbed_bytes += size
        if self._closed.is_set():
            raise Stopped
