"""One pack and its index, as their only writer sees them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import structlog

from pretzel.data_plane.cache.disk import Stamp, read_at, read_whole, stamp_of
from pretzel.data_plane.cache.index import RECORD, Entry, Header, pack_entry, pack_index, read_index
from pretzel.data_plane.cache.layout import PACK_SIZE, Layout, aligned, key_of
from pretzel.plan.digest import Digest
from pretzel.serving.durable import OUT_OF_SPACE, Buffer, pwrite_all, replace_file

log = structlog.get_logger(__name__)


class Pack:
    """A file that objects are appended to, with its index.

    The bytes of an object are reserved, written and read back before its index entry is written, and an entry is one
    write.  A write torn in between leaves bytes that no entry names; they are overwritten.
    """

    def __init__(self, layout: Layout, number: int) -> None:
        """Read a pack, or create it if it does not exist.

        Raises:
            OSError: it does not exist and cannot be created.
        """
        self._path, self._index_path = layout.pack(number), layout.index(number)
        self.entries: dict[bytes, Entry] = {}
        self.is_full = False
        """True if nothing may be appended any more."""
        self.is_spoilt = False
        """True if another program changed it: its intact objects move to another pack, and it is removed."""
        self.unflushed: list[Digest] = []
        """Objects appended since the last flush."""
        self._header, self._index_end = Header.new(), RECORD
        self._descriptors: tuple[int, int] | None = None  # of the pack, of the index
        self._index_stamp: Stamp | None = None
        self._load() if os.path.lexists(self._index_path) else self._make()
        self._stamp, self._index_stamp = stamp_of(self._path), stamp_of(self._index_path)
        self._was_touched = self._index_was_touched = False
        # The end never moves back, even past dropped objects: a process may still have their bytes mapped.
        self.end: int = max((aligned(offset + size) for _, offset, size in self.entries.values()), default=0)

    @property
    def live_bytes(self) -> int:
        """Bytes of the objects that the index names."""
        return sum(aligned(size) for _, _, size in self.entries.values())

    @property
    def is_dead(self) -> bool:
        """True if the pack had objects and has none left."""
        return not self.entries and self.end > 0

    def was_touched(self) -> bool:
        """Return whether another program wrote to the pack, truncated or replaced it since the last call."""
        self.notice()
        touched, self._was_touched = self._was_touched, False
        return touched

    def notice(self) -> None:
        """Record a change by another program; call it before a write, which replaces the stamps."""
        before, self._stamp = self._stamp, stamp_of(self._path)
        self._was_touched |= self._stamp != before
        self._index_was_touched |= stamp_of(self._index_path) != self._index_stamp
        if before is None or self._stamp is None or self._stamp[:3] != before[:3]:  # more than its mode or links
            self.is_full = self.is_spoilt = True  # the rest of it stays readable, but it takes no more objects

    def repair_index(self) -> bool:
        """Rewrite the index if another program changed it, and return whether it did.

        Raises:
            OSError: it cannot be written.
        """
        if not self._index_was_touched and stamp_of(self._index_path) == self._index_stamp:
            return False
        self._write_index()
        return True

    def objects(self) -> Iterator[tuple[Digest, bytes]]:
        """Yield the intact objects."""
        for key, offset, size in list(self.entries.values()):
            digest, data = Digest(key.hex(), size), read_at(self._path, offset, size)
            if Digest.of(data) == digest:
                yield digest, data

    def append(self, digest: Digest, data: Buffer) -> None:
        """Store an object whose digest has been checked.

        Raises:
            OSError: the disk is full or did not store the bytes; no entry names them then.
        """
        entry = (key_of(digest), self.end, digest.size)
        pack, index = self._opened()
        try:
            self._write(pack, data, digest.size)
            pwrite_all(index, pack_entry(entry), self._index_end)
            self._stamp, self._index_stamp = stamp_of(pack), stamp_of(index)
        except OSError as error:
            if error.errno not in OUT_OF_SPACE:  # a write that failed at this place may fail there again
                self.end = aligned(self.end + digest.size)
            self._stamp, self._index_stamp = stamp_of(pack), stamp_of(index)
            raise
        self._index_end += RECORD
        self.end = aligned(self.end + digest.size)
        self.entries[entry[0]] = entry
        self.unflushed.append(digest)

    def _write(self, pack: int, data: Buffer, size: int) -> None:
        if size == 0:
            return
        os.posix_fallocate(pack, self.end, size)  # a full disk fails here, and not by SIGBUS in a reader
        pwrite_all(pack, data, self.end)
        if os.pread(pack, size, self.end) != data:
            raise OSError(errno.EIO, "the disk did not store the written bytes", str(self._path))

    def flush(self) -> None:
        """Flush appended objects to the disk.

        Raises:
            OSError: the flush failed; it is unknown which bytes the disk has.
        """
        try:
            if self.unflushed and self._descriptors:
                os.fdatasync(self._descriptors[0])
        finally:
            self.unflushed.clear()

    def drop(self, keys: set[bytes]) -> None:
        """Remove objects from the index; their bytes stay until the pack is removed.

        Raises:
            OSError: the index cannot be written.
        """
        if keys & self.entries.keys():
            self.entries = {key: entry for key, entry in self.entries.items() if key not in keys}
            self._write_index()

    def remove(self) -> None:
        """Delete the pack; maps of it stay valid, and new look-ups read the other indexes."""
        self.close()
        self._index_path.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the open files."""
        for descriptor in self._descriptors or ():
            os.close(descriptor)
        self._descriptors = None

    def _opened(self) -> tuple[int, int]:
        if self._descriptors is None:
            pack = open_writable(self._path)
            try:
                self._descriptors = pack, open_writable(self._index_path)
            except OSError:
                os.close(pack)
                raise
        return self._descriptors

    def _make(self) -> None:
        os.close(open_writable(self._path, PACK_SIZE))
        replace_file(self._index_path, self._header.packed(), sync=False)

    def _load(self) -> None:
        """Read the index without torn entries and entries past the end of the pack; repair both files."""
        data = self._read_index()
        header = Header.read(data)
        self._header, self._index_end = header or self._header, len(data)
        length = min(self._path.stat().st_size, PACK_SIZE) if self._path.exists() else 0
        self.entries = {entry[0]: entry for entry in read_index(data) if entry[1] + entry[2] <= length}
        try:
            if length < PACK_SIZE:  # before a process maps it: a map does not grow with its file
                os.close(open_writable(self._path, PACK_SIZE))
            if header is None or len(data) != RECORD * (1 + len(self.entries)):
                self._write_index()
        except OSError as error:  # readers skip torn entries and entries past the end
            log.error("a pack cannot be repaired now and takes no more objects", pack=str(self._path), error=str(error))
            self.is_full = True

    def _read_index(self) -> bytes:
        try:
            return read_whole(self._index_path)
        except OSError as error:
            log.error("an index cannot be read and is rewritten", index=str(self._index_path), error=str(error))
            return b""

    def _write_index(self) -> None:
        self.close()
        self._header = Header.new(self._header.pack)
        data = pack_index(self._header, self.entries.values())
        try:
            replace_file(self._index_path, data, sync=False)
        except OSError:
            overwrite_index(self._index_path, data)
        self._index_end, self._index_stamp = len(data), stamp_of(self._index_path)
        self._index_was_touched = False


def overwrite_index(path: Path, data: bytes) -> None:
    """Write an index over an old one that is at least as long, for a disk without room for another file.

    The header is written last: a reader in between sees the old generation and reads everything again.
    """
    descriptor = open_writable(path)
    try:
        pwrite_all(descriptor, data[RECORD:], RECORD)
        os.ftruncate(descriptor, len(data))
        pwrite_all(descriptor, data[:RECORD], 0)
    finally:
        os.close(descriptor)


def open_writable(path: Path, size: int = 0) -> int:
    """Open a file that others may only read, creating it if needed, and grow it to ``size`` if given."""
    if path.exists():
        path.chmod(0o644)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        os.fchmod(descriptor, 0o444)
        if size:
            os.ftruncate(descriptor, size)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
