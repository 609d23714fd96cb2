"""Store the objects of one deployment: hold them against collection, and store damaged ones again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor

from pretzel.control_plane.catalog import Hold
from pretzel.control_plane.steps import reached
from pretzel.control_plane.store import ObjectStore
from pretzel.control_plane.store.interface import Buffer
from pretzel.errors import CorruptObjectError, NotFoundError
from pretzel.plan.digest import Digest


class Keeper:
    """Stores the objects of one deployment, on ``writers``."""

    def __init__(self, store: ObjectStore, hold: Hold, writers: Executor) -> None:
        self.store, self._hold, self._writers = store, hold, writers

    def find_missing(self, digests: Iterable[Digest]) -> list[Digest]:
        """Return the objects that the store lacks; those it has are held until this deployment ends."""
        digests = list(digests)
        self._hold.add(digests)
        return self.store.missing(digests)

    def keep(self, objects: Mapping[Digest, Buffer]) -> None:
        """Store objects of a version: blobs, definition, plan."""
        self._hold.add(objects)
        # Concurrently, since files that are flushed at the same time share a flush of the disk.
        for _ in self._writers.map(self._put, objects.keys(), objects.values()):
            reached("after_first_blob")
        reached("after_blobs")

    def _put(self, digest: Digest, data: Buffer) -> None:
        """Store an object unless it is present and intact."""
        if self.store.put(digest, data):
            return
        try:
            self.store.check(digest)
        except (CorruptObjectError, NotFoundError):
            self.store.put(digest, data)
