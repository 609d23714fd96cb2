"""Objects as read-only files in a sharded directory, each written by a ritual that leaves it whole or absent.

    objects/3f/3f9c...-1048640   an object, named by its hash and its size
    objects/incoming/            what is being written; swept at start
    objects/damaged/             what was found not to match its name

The ritual: temporary name, write, length and digest check, read-only, fsync, close, rename, fsync of the directory.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pretzel.control_plane.failpoints import failpoint
from pretzel.control_plane.store.interface import Buffer, ObjectStore, Writer
from pretzel.errors import CorruptObjectError, DefinitionError, ExhaustedError, NotFoundError
from pretzel.kernels.mapping import Mapping
from pretzel.plan.digest import Digest

MAP_FROM = 64 * 1024
"""Objects of this many bytes are mapped; smaller ones are read, since a map takes a place in a bounded table."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class DirectoryStore(ObjectStore):
    """Objects as files.  One process owns a directory: opening it sweeps what an earlier one left half written."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.incoming = self.root / "incoming"
        self.damaged = self.root / "damaged"
        self._make()
        for stale in self.incoming.iterdir():
            stale.unlink()

    def _make(self) -> None:
        for directory in (self.incoming, self.damaged, *(self.root / f"{i:02x}" for i in range(256))):
            directory.mkdir(parents=True, exist_ok=True)
        sync_directory(self.root)

    def path(self, digest: Digest) -> Path:
        return self.root / digest.hex[:2] / _name(digest)

    def missing(self, digests: Iterable[Digest]) -> list[Digest]:
        return [digest for digest in dict.fromkeys(digests) if self._length(digest) != digest.size]

    def writer(self, digest: Digest) -> Writer:
        return _FileWriter(self, digest)

    def get(self, digest: Digest) -> memoryview:
        try:
            data = read_file(self.path(digest), digest.size)
        except FileNotFoundError:
            raise self._absent(digest) from None
        if data is None or Digest.of(data) != digest:
            os.replace(self.path(digest), self.damaged / _name(digest))
            raise self._absent(digest)
        return data

    def delete(self, digest: Digest) -> bool:
        (self.damaged / _name(digest)).unlink(missing_ok=True)
        try:
            self.path(digest).unlink()
        except FileNotFoundError:
            return False
        return True

    def digests(self) -> Iterator[Digest]:
        for shard in sorted(self.root.iterdir()):
            if len(shard.name) == 2:
                yield from filter(None, map(_parse, os.listdir(shard)))

    def _length(self, digest: Digest) -> int:
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            return -1

    def _absent(self, digest: Digest) -> CorruptObjectError | NotFoundError:
        if (self.damaged / _name(digest)).exists():
            return CorruptObjectError(f"object {digest} is damaged in the store; upload it again")
        return NotFoundError(f"object {digest} is not in the store; upload it")


class _FileWriter(Writer):
    def __init__(self, store: DirectoryStore, digest: Digest) -> None:
        super().__init__(digest)
        self._store = store
        with _full_disk(digest):
            descriptor, name = tempfile.mkstemp(dir=store.incoming, prefix=digest.short)
        self._temporary: Path | None = Path(name)
        self._file = open(descriptor, "wb", buffering=0)

    def _append(self, piece: Buffer) -> None:
        rest = memoryview(piece)
        with _full_disk(self.digest):
            while rest:  # a raw write may stop short, for instance when the disk fills
                rest = rest[self._file.write(rest) :]

    def _publish(self) -> None:
        if self._temporary is None:
            raise RuntimeError(f"object {self.digest} was committed or discarded before")
        target = self._store.path(self.digest)
        with _full_disk(self.digest):
            os.fchmod(self._file.fileno(), 0o444)
            os.fsync(self._file.fileno())
            self._file.close()
            failpoint("before_rename")
            os.replace(self._temporary, target)
            self._temporary = None
            failpoint("after_rename")
            sync_directory(target.parent)
        (self._store.damaged / target.name).unlink(missing_ok=True)

    def _discard(self) -> None:
        self._file.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
            self._temporary = None


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _name(digest: Digest) -> str:
    # With the size in the name, a digest that lies about it names another file and cannot make a good one look torn.
    return f"{digest.hex}-{digest.size}"


def _parse(name: str) -> Digest | None:
    try:
        return Digest.parse("sha256:" + name.replace("-", "/", 1))
    except DefinitionError:
        return None


def read_file(path: Path, size: int) -> memoryview | None:
    """Return the bytes of a file, large ones mapped; None when there are more or fewer than ``size``.

    Raises:
        FileNotFoundError: there is no such file.
    """
    data = memoryview(Mapping(path)) if size >= MAP_FROM else memoryview(path.read_bytes())
    return data if len(data) == size else None


@contextmanager
def _full_disk(digest: Digest) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise ExhaustedError(
            f"object {digest}: no space for its {digest.size} bytes ({error.strerror}); free some and upload it again"
        ) from None
