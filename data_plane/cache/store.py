"""The supervisor's side of the cache: takes objects in, checks them, drops the damaged and the unneeded."""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import threading
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import structlog

from pretzel.data_plane.cache.layout import Layout, is_packed, key_of, replace, sync_directory
from pretzel.data_plane.cache.packs import PackWriter
from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.catalog import Catalog
from pretzel.errors import CorruptObjectError, NotFoundError, PreconditionError
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode, encode

log = structlog.get_logger(__name__)

_PACKED = struct.Struct("<32sQ")

Closures = Mapping[Digest, tuple[Digest, ...]]
"""The objects that each plan refers to, known once the plan was read."""


class ObjectCache:
    """The one writer of a cache directory.  Safe to call from many threads; hashing holds up nobody.

    Raises:
        PreconditionError: another worker holds the directory.
    """

    def __init__(self, root: Path) -> None:
        self._layout = Layout(root)
        self._layout.make()
        self._lock = lock(self._layout.lock)
        for torn in self._layout.incoming.iterdir():
            torn.unlink()
        self._packs = PackWriter(self._layout)
        self.reader = ObjectReader(root)
        self._writing = threading.RLock()
        self._checked: set[Digest] = set()
        self._unneeded: dict[Digest, float] = {}
        self.dropped = 0
        """Objects found damaged since the start."""

    @property
    def object_count(self) -> int:
        """How many objects are known to be whole."""
        return len(self._checked)

    @property
    def object_bytes(self) -> int:
        """Bytes of the objects known to be whole."""
        return sum(digest.size for digest in list(self._checked))

    def has(self, digest: Digest) -> bool:
        """Return whether an object is here and whole, hashing it the first time it is asked for."""
        if digest in self._checked:
            return True
        try:
            data = self.reader.fetch(digest)
        except NotFoundError:
            return False
        except CorruptObjectError:
            return self._refuse(digest)
        if hashlib.sha256(data).hexdigest() != digest.hex:
            return self._refuse(digest)
        self._checked.add(digest)
        return True

    def recheck(self, digest: Digest) -> bool:
        """Hash an object again, because someone doubts it."""
        self._checked.discard(digest)
        return self.has(digest)

    def fetch(self, digest: Digest) -> memoryview:
        """Return an object's bytes, mapped."""
        return self.reader.fetch(digest)

    def receive(self, digest: Digest) -> Incoming:
        """Return what takes in the pieces of an object."""
        return Incoming(self, self._layout, digest)

    def add(self, digest: Digest, data: bytes | bytearray | memoryview) -> None:
        """Store an object.

        Raises:
            CorruptObjectError: the bytes do not match the digest.
        """
        incoming = self.receive(digest)
        try:
            incoming.write(data)
            incoming.commit()
        finally:
            incoming.close()

    def admit(self, digest: Digest, data: bytearray | Path) -> None:
        """Take a checked object into its place."""
        with self._writing:
            if isinstance(data, Path):
                target = self._layout.file(digest)
                target.parent.mkdir(exist_ok=True)
                data.rename(target)
            else:
                self._packs.append(digest, data)
            self._checked.add(digest)

    def drop(self, digests: Collection[Digest]) -> None:
        """Remove objects; whoever has them mapped keeps what is mapped."""
        with self._writing:
            self._packs.drop([digest for digest in digests if is_packed(digest)])
            for digest in digests:
                self._checked.discard(digest)
                if not is_packed(digest):
                    self._layout.file(digest).unlink(missing_ok=True)
            self.reader.refresh()

    def collect(self, needed: Collection[Digest], now: float, grace: float) -> list[Digest]:
        """Remove the objects that nothing has needed for ``grace`` seconds, and return them."""
        with self._writing:
            unneeded = self.digests() - set(needed)
            self._unneeded = {digest: self._unneeded.get(digest, now) for digest in unneeded}
            gone = [digest for digest, since in self._unneeded.items() if now - since >= grace]
            if gone:
                self.drop(gone)
                self._compact()
            return gone

    def digests(self) -> set[Digest]:
        """Return all that is stored, checked or not."""
        with self._writing:
            return self._digests()

    def _digests(self) -> set[Digest]:
        packed = {Digest(k.hex(), e[2]) for entries in self._packs.entries.values() for k, e in entries.items()}
        files = {Digest(p.name, p.stat().st_size) for p in self._layout.objects.glob("??/*")}
        return packed | files

    def save_catalog(self, catalog: Catalog, closures: Closures) -> None:
        """Keep a catalog, so that a restarted worker serves without a control plane."""
        objects = [[pack([plan]), pack(digests)] for plan, digests in closures.items()]
        body = encode([catalog.epoch, catalog.revision, list(catalog.records.items()), objects])
        replace(self._layout.catalog, encode([hashlib.sha256(body).digest(), body]), sync=True)

    def load_catalog(self) -> tuple[Catalog, Closures] | None:
        """Return what was kept, or None where there is nothing or it is damaged."""
        try:
            checksum, body = decode(self._layout.catalog.read_bytes())
            if hashlib.sha256(body).digest() != checksum:
                raise CorruptObjectError("its checksum does not match")
            epoch, revision, records, objects = decode(body)
            closures = {unpack(plan)[0]: unpack(digests) for plan, digests in objects}
            return Catalog(epoch, revision, dict(records)), closures
        except FileNotFoundError:
            return None
        except (CorruptObjectError, TypeError, ValueError, struct.error) as error:
            log.error("the catalog kept is damaged and is not used", path=str(self._layout.catalog), error=str(error))
            return None

    def close(self) -> None:
        """Give the directory back."""
        self._packs.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _refuse(self, digest: Digest) -> bool:
        log.error("an object in the cache is damaged; it is dropped and fetched again", digest=str(digest))
        self.dropped += 1
        self.drop([digest])
        return False

    def _compact(self) -> None:
        """Move what is left in sparse packs to the pack being written, and delete them."""
        for number in self._packs.sparse_packs():
            for key, _, size in list(self._packs.entries[number].values()):
                digest = Digest(key.hex(), size)
                if self.has(digest):
                    self._packs.append(digest, self.fetch(digest))
            self._packs.remove(number)
        self.reader.refresh()


class Incoming:
    """An object on its way in: small ones gather in memory, large ones in a file, hashed as they come."""

    def __init__(self, cache: ObjectCache, layout: Layout, digest: Digest) -> None:
        self._cache, self._digest = cache, digest
        self._hash, self.size = hashlib.sha256(), 0
        self._buffer = bytearray()
        self._path = None if is_packed(digest) else layout.incoming / digest.hex
        self._file = self._path and open(self._path, "wb")

    def write(self, piece: bytes | bytearray | memoryview) -> None:
        """Take the next piece.

        Raises:
            CorruptObjectError: there are more bytes than the digest covers.
        """
        self.size += len(piece)
        if self.size > self._digest.size:
            raise CorruptObjectError(f"object {self._digest}: more bytes came than that")
        self._hash.update(piece)
        if self._file:
            self._file.write(piece)
        else:
            self._buffer += piece

    def commit(self) -> None:
        """Put the object in its place.

        Raises:
            CorruptObjectError: the bytes do not match the digest.
        """
        if self.size != self._digest.size or self._hash.hexdigest() != self._digest.hex:
            raise CorruptObjectError(
                f"object {self._digest}: {self.size} bytes came, which hash to {self._hash.hexdigest()}"
            )
        if self._file and self._path:
            os.fchmod(self._file.fileno(), 0o444)
            self._file.close()
        self._cache.admit(self._digest, self._path or self._buffer)

    def close(self) -> None:
        """Forget what was not committed."""
        if self._file and self._path:
            self._file.close()
            self._path.unlink(missing_ok=True)


def pack(digests: Iterable[Digest]) -> bytes:
    """Return digests as forty bytes each: at 20 000 models, text would take a second of every publication."""
    return b"".join(_PACKED.pack(key_of(digest), digest.size) for digest in digests)


def unpack(data: bytes) -> tuple[Digest, ...]:
    """Read what :func:`pack` wrote."""
    return tuple(Digest(key.hex(), size) for key, size in _PACKED.iter_unpack(data))


def lock(path: Path) -> int:
    """Hold a directory for this process."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise PreconditionError(
            f"cache directory {path.parent} is in use by another worker; give each its own --cache-dir"
        ) from None
    sync_directory(path.parent)
    return descriptor
