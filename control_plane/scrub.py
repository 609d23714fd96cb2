"""Reads the objects of a store again, at a bounded rate, since a disk may lose what it has kept."""

from __future__ import annotations

import threading
import time

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.rebuild import Rebuilder
from pretzel.control_plane.store import ObjectStore
from pretzel.errors import CorruptObjectError, NotFoundError, UnavailableError
from pretzel.plan.digest import Digest

SMALLEST = 64 << 10
"""Bytes that an object counts as at least: opening a file is work too."""
SHORTEST = 1.0
"""Seconds that a pass takes at least."""


class Scrubber:
    """Goes over a store; what is damaged is set aside, and made again where that is possible."""

    def __init__(self, store: ObjectStore, catalog: Catalog, rebuilder: Rebuilder, bytes_per_second: float) -> None:
        self._store, self._catalog, self._rebuilder, self._rate = store, catalog, rebuilder, bytes_per_second
        self._stopped = threading.Event()
        self._lost: dict[Digest, str] = {}
        self._lock = threading.Lock()
        self.scrubbed_bytes = self.passes = 0

    def stop(self) -> None:
        """End the pass that runs, at its next object."""
        self._stopped.set()

    def run(self) -> None:
        """Read every object once, and look for those that versions need and the store lacks."""
        began = time.monotonic()
        for digest in self._store.digests():
            self._check(digest)
            if self._stopped.wait(max(digest.size, SMALLEST) / self._rate):
                return
        for digest in self._store.missing(self._catalog.objects()):
            self.suspect(digest)
        self.passes += 1
        self._stopped.wait(max(SHORTEST - (time.monotonic() - began), 0))

    def suspect(self, digest: Digest) -> None:
        """Look at an object that someone found wanting, and mend it or note what is lost."""
        try:
            self._rebuilder.whole(digest)
        except NotFoundError:
            self._note(digest, None)
        except CorruptObjectError as error:
            self._note(digest, str(error) if self._catalog.needing(digest) else None)
        except UnavailableError:
            return
        else:
            self._note(digest, None)

    def lost(self) -> dict[Digest, str]:
        """Return what versions need and the store does not have whole, each with the message that says so."""
        with self._lock:
            noted = dict(self._lost)
        there = set(noted).difference(self._store.missing(noted))
        for digest in list(noted):
            if digest in there or not self._catalog.needing(digest):
                self._note(digest, None)
                del noted[digest]
        return noted

    def _check(self, digest: Digest) -> None:
        try:
            self._store.check(digest, anew=True)
        except (NotFoundError, CorruptObjectError):
            self.suspect(digest)
        except UnavailableError:
            return
        self.scrubbed_bytes += digest.size

    def _note(self, digest: Digest, problem: str | None) -> None:
        with self._lock:
            self._lost.pop(digest, None) if problem is None else self._lost.update({digest: problem})
