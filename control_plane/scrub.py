"""Reads the objects of a store again at a bounded rate, since a disk may damage stored bytes."""

from __future__ import annotations

import threading
import time

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.rebuild import Rebuilder
from pretzel.control_plane.store import ObjectStore
from pretzel.errors import CorruptObjectError, NotFoundError, UnavailableError
from pretzel.plan.digest import Digest

SMALLEST = 64 << 10
"""Least bytes that an object counts as, because opening a file is work too."""
SHORTEST = 1.0
"""Least seconds of a pass."""


class Scrubber:
    """Checks all objects of a store; damaged ones are moved to quarantine and rebuilt if possible."""

    def __init__(self, store: ObjectStore, catalog: Catalog, rebuilder: Rebuilder, bytes_per_second: float) -> None:
        self._store, self._catalog, self._rebuilder, self._rate = store, catalog, rebuilder, bytes_per_second
        self._stopped = threading.Event()
        self._lost: dict[Digest, str] = {}
        self._lock = threading.Lock()
        self.scrubbed_bytes = self.passes = 0

    def stop(self) -> None:
        """Stop the running pass at its next object."""
        self._stopped.set()

    def run(self, lost: threading.Event | None = None) -> None:
        """Read every object once, and check for those that versions need and the store lacks.

        It ends early once ``lost`` is set: another control plane does the work then.
        """
        started = time.monotonic()
        for digest in self._store.digests():
            self._check(digest)
            if self._stopped.wait(max(digest.size, SMALLEST) / self._rate) or (lost is not None and lost.is_set()):
                return
        for digest in self._store.missing(self._catalog.objects()):
            self.suspect(digest)
        self.passes += 1
        self._stopped.wait(max(SHORTEST - (time.monotonic() - started), 0))

    def suspect(self, digest: Digest) -> None:
        """Check a suspected object, and rebuild it or record it as lost."""
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
        """Return the objects that versions need and the store does not have intact, each with its message."""
        with self._lock:
            lost = dict(self._lost)
        stored = set(lost).difference(self._store.missing(lost))
        for digest in list(lost):
            if digest in stored or not self._catalog.needing(digest):
                self._note(digest, None)
                del lost[digest]
        return lost

    def _check(self, digest: Digest) -> None:
        try:
            self._store.check(digest, rehash=True)
        except (NotFoundError, CorruptObjectError):
            self.suspect(digest)
        except UnavailableError:
            return
        self.scrubbed_bytes += digest.size

    def _note(self, digest: Digest, problem: str | None) -> None:
        with self._lock:
            self._lost.pop(digest, None) if problem is None else self._lost.update({digest: problem})
