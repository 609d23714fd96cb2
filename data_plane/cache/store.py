"""The supervisor's side of the cache: stores objects, checks them, drops damaged and unneeded ones."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Collection
from pathlib import Path

import structlog

from pretzel.data_plane.cache.disk import TRANSIENT, Pace, Stamp, hash_at, read_at, stamp_of
from pretzel.data_plane.cache.incoming import Incoming
from pretzel.data_plane.cache.kept import KeptCatalog
from pretzel.data_plane.cache.layout import Layout, is_object, is_packed, number_of
from pretzel.data_plane.cache.packs import PackWriter
from pretzel.data_plane.cache.quarantine import Quarantine, clear_strangers, delete, is_stranger, misplaced
from pretzel.errors import NotFoundError, PreconditionError
from pretzel.plan.digest import Digest
from pretzel.serving.durable import Buffer

log = structlog.get_logger(__name__)


class ObjectCache:
    """The only writer of a cache directory.  Safe to call from many threads; hashing does not hold the lock.

    Raises:
        PreconditionError: another worker holds the directory.
    """

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root)
        root.mkdir(parents=True, exist_ok=True)
        self._lock = lock(self.layout.lock)
        self._quarantine = Quarantine(self.layout)
        self.dropped = len(clear_strangers(self.layout, self._quarantine))
        """Objects, and files in the place of objects, found damaged since the start."""
        self._packs = PackWriter(self.layout)
        self._writing = threading.RLock()
        self._checked: set[Digest] = set()
        self._stamps: dict[Digest, Stamp | None] = {}
        """Stamp of each file at its check."""
        self.kept = KeptCatalog(self.layout.catalog)
        self._unflushed: list[Digest] = []
        self._unneeded: dict[Digest, float] = {}

    @property
    def object_count(self) -> int:
        """Number of objects known to be intact."""
        return len(self._checked)

    @property
    def object_bytes(self) -> int:
        """Bytes of the objects known to be intact."""
        return sum(digest.size for digest in list(self._checked))

    def has(self, digest: Digest) -> bool:
        """Return whether an object is present and intact; the first call for it hashes it.

        Raises:
            OSError: this process is short of descriptors or memory.
        """
        return digest in self._checked or self.recheck(digest)

    def recheck(self, digest: Digest, pace: Pace | None = None) -> bool:
        """Hash an object that is unchecked or suspected; move it to quarantine if it is damaged."""
        try:
            place = self.place(digest)
            if place is None:
                return self._miss(digest)
            stamp = None if is_packed(digest) else stamp_of(place[0])  # from before: it may change meanwhile
            whole = hash_at(*place, digest.size, pace) == digest.hex and _ends_there(place[0], digest)
        except FileNotFoundError:
            whole = False
        except OSError as error:
            if error.errno in TRANSIENT:
                raise
            whole = False
        if not whole and self.place(digest) != place:  # moved to another pack meanwhile
            return self.recheck(digest, pace)
        return self._approve(digest, stamp) if whole else self._reject(digest)

    def place(self, digest: Digest) -> tuple[Path, int] | None:
        """Return the file that holds an object, and its offset there; None if it is missing."""
        with self._writing:
            if is_packed(digest):
                return self._packs.find(digest)
        path = self.layout.file(digest)
        return (path, 0) if os.path.lexists(path) else None

    def fetch(self, digest: Digest) -> memoryview:
        """Return an object's bytes, read from the disk.

        Raises:
            NotFoundError: the cache does not hold it.
            OSError: it cannot be read.
        """
        place = self.place(digest)
        if place is None:
            raise NotFoundError(f"object {digest}: not in the cache")
        return memoryview(read_at(*place, digest.size))

    def receive(self, digest: Digest) -> Incoming:
        """Return a receiver for the pieces of an object.

        Raises:
            OSError: the disk has too little space for it.
        """
        return Incoming(self._admit, self.layout, digest)

    def add(self, digest: Digest, data: Buffer) -> None:
        """Store an object.

        Raises:
            CorruptObjectError: the bytes do not match the digest.
            OSError: the disk is full or fails.
        """
        incoming = self.receive(digest)
        try:
            incoming.write(data)
            incoming.commit()
        finally:
            incoming.close()

    def flush(self) -> dict[Digest, OSError]:
        """Flush new objects to the disk; drop those that could not be flushed, and return them with the reason."""
        with self._writing:
            files, self._unflushed = self._unflushed, []
            lost = self._packs.flush()
        for digest in files:
            try:
                flush_file(self.layout.file(digest))
            except FileNotFoundError:
                continue
            except OSError as error:
                lost[digest] = error
        if lost:
            self.drop(lost)
        return lost

    def drop(self, digests: Collection[Digest]) -> None:
        """Remove objects; existing maps of them stay valid."""
        with self._writing:
            self._packs.drop([digest for digest in digests if is_packed(digest)])
            for digest in digests:
                self._checked.discard(digest)
                self._stamps.pop(digest, None)
                if not is_packed(digest):
                    delete(self.layout.file(digest))

    def collect(self, needed: Collection[Digest], now: float, grace: float) -> list[Digest]:
        """Remove the objects that have been unneeded for ``grace`` seconds, and return them.

        Packs that lost all their objects or were damaged are removed too; their intact objects stay.
        """
        with self._writing:
            unneeded = self.digests() - set(needed)
            self._unneeded = {digest: self._unneeded.get(digest, now) for digest in unneeded}
            gone = [digest for digest, since in self._unneeded.items() if now - since >= grace]
            self.drop(gone)
            if gone or self._packs.has_damage:
                self._packs.compact()
                self._checked &= self.digests()  # damaged objects are not moved with the rest
            return gone

    def make_room(self, needed: Collection[Digest], now: float) -> list[Digest]:
        """Remove unneeded objects and the quarantine at once; return the removed objects."""
        with self._writing:
            self._quarantine.empty()
            return self.collect(needed, now, grace=0)

    def digests(self) -> set[Digest]:
        """Return all stored objects, checked or not."""
        with self._writing:
            return self._packs.digests() | file_digests(self.layout)

    def known(self) -> set[Digest]:
        """Return the objects known to be intact."""
        return set(self._checked)

    def touched(self) -> set[Digest]:
        """Return objects whose files another program wrote to, truncated or replaced since their check."""
        with self._writing:
            objects = self._packs.touched() & self._checked
            stamps = list(self._stamps.items())
        return objects | {digest for digest, stamp in stamps if stamp_of(self.layout.file(digest)) != stamp}

    def close(self) -> None:
        """Release the directory."""
        self._packs.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _admit(self, digest: Digest, data: bytearray | Path) -> None:
        """Move a checked object into its place."""
        with self._writing:
            if isinstance(data, Path):
                target = self.layout.file(digest)
                target.parent.mkdir(exist_ok=True)
                if is_stranger(target):
                    self._quarantine.take(target)
                data.rename(target)
                self._unflushed.append(digest)
            else:
                self._packs.append(digest, data)
            self._approve(digest)

    def _approve(self, digest: Digest, stamp: Stamp | None = None) -> bool:
        self._checked.add(digest)
        if not is_packed(digest):
            self._stamps[digest] = stamp or stamp_of(self.layout.file(digest))
        return True

    def expel(self) -> tuple[list[Path], list[Digest]]:
        """Move foreign files in the place of the cache's own to quarantine.

        Return their paths, and the objects lost with them: those of packs whose pack or index file was replaced.
        """
        with self._writing:
            foreign = misplaced(self.layout)
            for path in foreign:
                self._quarantine.take(path)
            lost = self._packs.abandon({number_of(path.name) for path in foreign})
            self._checked.difference_update(lost)
        return foreign, lost

    def _miss(self, digest: Digest) -> bool:
        """Record that an object is missing; one that was present counts as damaged."""
        with self._writing:
            if digest in self._checked:
                log.error("an object is missing from the cache and is fetched again", digest=str(digest))
                self.dropped += 1
                self._checked.discard(digest)
                self._stamps.pop(digest, None)
        return False

    def _reject(self, digest: Digest) -> bool:
        log.error("an object in the cache is damaged; it is moved to quarantine and fetched again", digest=str(digest))
        with self._writing:
            self.dropped += 1
            if not is_packed(digest):
                self._quarantine.take(self.layout.file(digest))
            self.drop([digest])
        return False


def _ends_there(path: Path, digest: Digest) -> bool:
    """Return whether the file of a large object ends with the object."""
    return is_packed(digest) or os.stat(path).st_size == digest.size


def file_digests(layout: Layout) -> set[Digest]:
    """Return the large objects, which are separate files."""
    paths = (path for path in layout.objects.glob("??/*") if is_object(path.parent.name, path.name))
    return {Digest(path.name, path.lstat().st_size) for path in paths}


def flush_file(path: Path) -> None:
    """Flush the content of a file to the disk.

    Raises:
        OSError: the flush failed.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def lock(path: Path) -> int:
    """Lock a cache directory for this process.

    Raises:
        PreconditionError: another process uses it.
    """
    if is_stranger(path):
        delete(path)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise PreconditionError(
            f"cache directory {path.parent} is in use by another worker; give each its own --cache-dir"
        ) from None
    return descriptor
