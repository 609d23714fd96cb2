"""Looks for damage in a cache in use: through all of it at a bounded rate, and at once where there is a doubt."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator

import structlog

from pretzel.data_plane.cache.store import ObjectCache
from pretzel.plan.digest import Digest

log = structlog.get_logger(__name__)


class Stopped(Exception):
    """The scrubber was closed while it waited."""


class Scrubber:
    """Re-reads objects and compares them with their digests; what is damaged leaves the cache.

    It reads files and not maps: a file that was cut short is an error then, and no signal.  File and map share the
    pages of the kernel, so that what is read is what serving processes see.
    """

    def __init__(self, cache: ObjectCache, bytes_per_second: int) -> None:
        """Begin; with a rate of 0 only what is doubted is read."""
        self._cache, self._rate = cache, bytes_per_second
        self._closed = threading.Event()
        self.scrubbed_bytes = 0
        """Bytes that were read again, and compared."""
        self.passed = 0.0
        """When all objects had been read the last time, by ``time.time()``; 0 before."""

    @property
    def is_on(self) -> bool:
        """Whether everything is read again and again."""
        return self._rate > 0

    def all(self) -> Iterator[Digest]:
        """Read all objects at the bounded rate, and give the damaged ones as they are found; once through.

        Raises:
            Stopped: the scrubber was closed.
        """
        for digest in sorted(self._cache.known()):
            if not self._cache.recheck(digest, self._pace):
                yield digest
        self.passed = time.time()

    def expel(self) -> list[Digest]:
        """Move aside what stands in the place of files of the cache, and return the objects that were lost by it."""
        paths, lost = self._cache.expel()
        for path in paths:
            log.error("a path of the cache is not a regular file of it, and is moved aside", path=str(path))
        return lost

    def touched(self) -> list[Digest]:
        """Read what another program wrote to, and return what of it is damaged."""
        return self.check(self._cache.touched())

    def check(self, digests: Collection[Digest]) -> list[Digest]:
        """Read these objects at once, and return what of them is damaged or missing."""
        return [digest for digest in digests if not self._cache.recheck(digest, self._count)]

    def close(self) -> None:
        """End what waits."""
        self._closed.set()

    def _pace(self, size: int) -> None:
        self._count(size)
        if self._closed.wait(size / self._rate):
            raise Stopped

    def _count(self, size: int) -> None:
        self.scrubbed_bytes += size
        if self._closed.is_set():
            raise Stopped
