"""One pack and its index, as their one writer knows them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import structlog

from pretzel.data_plane.cache.disk import Stamp, read_at, read_whole, stamp_of
from pretzel.data_plane.cache.index import RECORD, Entry, Header, pack_entry, pack_index, read_index
from pretzel.data_plane.cache.layout import PACK_SIZE, Layout, aligned, key_of
from pretzel.durable import OUT_OF_SPACE, Buffer, pwrite_all, replace_file
from pretzel.plan.digest import Digest

log = structlog.get_logger(__name__)


class Pack:
    """A file that objects are appended to, and an index beside it.

    The bytes of an object are reserved, written and read back before its index entry is written, and an entry is one
    write.  What was torn in between leaves bytes that nothing names, and they are written over.
    """

    def __init__(self, layout: Layout, number: int) -> None:
        """Read a pack that exists; make one that does not.

        Raises:
            OSError: it does not exist and cannot be made.
        """
        self._path, self._index_path = layout.pack(number), layout.index(number)
        self.entries: dict[bytes, Entry] = {}
        self.is_full = False
        """Whether nothing may be appended any more."""
        self.is_spoilt = False
        """Whether anyone else changed it: what is whole in it is moved to another pack, and it goes."""
        self.unflushed: list[Digest] = []
        """Appended since the last flush."""
        self._header, self._index_end = Header.new(), RECORD
        self._descriptors: tuple[int, int] | None = None  # of the pack, of the index
        self._index_stamp: Stamp | None = None
        self._load() if os.path.lexists(self._index_path) else self._make()
        self._stamp, self._index_stamp = stamp_of(self._path), stamp_of(self._index_path)
        # The end only moves on, even past what was dropped: a process may still have the dropped bytes mapped.
        self.end: int = max((aligned(offset + size) for _, offset, size in self.entries.values()), default=0)

    @property
    def live_bytes(self) -> int:
        """Bytes of the objects that the index names."""
        return sum(aligned(size) for _, _, size in self.entries.values())

    @property
    def is_dead(self) -> bool:
        """Whether there were objects in it, and none is left."""
        return not self.entries and self.end > 0

    def was_touched(self) -> bool:
        """Return whether anyone else wrote to the pack, cut it short or replaced it since this was asked last."""
        before, self._stamp = self._stamp, stamp_of(self._path)
        if self._stamp == before:
            return False
        self.is_full = self.is_spoilt = True  # what is left of it is read; nothing more is trusted to it
        return True

    def mend_index(self) -> bool:
        """Write the index anew where anyone else changed it, and return whether it was so.

        Raises:
            OSError: it cannot be written.
        """
        if stamp_of(self._index_path) == self._index_stamp:
            return False
        self._write_index()
        return True

    def objects(self) -> Iterator[tuple[Digest, bytes]]:
        """Give the objects that are whole."""
        for key, offset, size in list(self.entries.values()):
            digest, data = Digest(key.hex(), size), read_at(self._path, offset, size)
            if Digest.of(data) == digest:
                yield digest, data

    def append(self, digest: Digest, data: Buffer) -> None:
        """Store an object that is known to match its digest.

        Raises:
            OSError: there is no room for it, or the disk does not hold what was written; nothing names it then.
        """
        entry = (key_of(digest), self.end, digest.size)
        pack, index = self._opened()
        try:
            self._write(pack, data, digest.size)
            pwrite_all(index, pack_entry(entry), self._index_end)
            self._stamp, self._index_stamp = stamp_of(pack), stamp_of(index)
        except OSError as error:
            if error.errno not in OUT_OF_SPACE:  # what failed in this place may fail there again
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
        os.posix_fallocate(pack, self.end, size)  # so that a full disk is told here, and not by SIGBUS to a reader
        pwrite_all(pack, data, self.end)
        if os.pread(pack, size, self.end) != data:
            raise OSError(errno.EIO, "the disk does not hold what was written", str(self._path))

    def flush(self) -> None:
        """Have the disk take what was appended.

        Raises:
            OSError: it did not; what of it the disk holds is not known.
        """
        try:
            if self.unflushed and self._descriptors:
                os.fdatasync(self._descriptors[0])
        finally:
            self.unflushed.clear()

    def drop(self, keys: set[bytes]) -> None:
        """Forget objects; their bytes stay until the pack is removed.

        Raises:
            OSError: the index cannot be written.
        """
        if keys & self.entries.keys():
            self.entries = {key: entry for key, entry in self.entries.items() if key not in keys}
            self._write_index()

    def remove(self) -> None:
        """Delete the pack; maps of it stay good, and whoever looks for it anew reads the other indexes."""
        self.close()
        self._index_path.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close what is open."""
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
        """Read the index, leaving out what is torn and what the pack cannot hold; mend both."""
        data = self._read_index()
        header = Header.read(data)
        self._header, self._index_end = header or self._header, len(data)
        length = min(self._path.stat().st_size, PACK_SIZE) if self._path.exists() else 0
        self.entries = {entry[0]: entry for entry in read_index(data) if entry[1] + entry[2] <= length}
        try:
            if length < PACK_SIZE:  # before anyone maps it: a map does not grow with its file
                os.close(open_writable(self._path, PACK_SIZE))
            if header is None or len(data) != RECORD * (1 + len(self.entries)):
                self._write_index()
        except OSError as error:  # readers pass over what is torn, and what lies past the end
            log.error("a pack cannot be mended now and takes no more objects", pack=str(self._path), error=str(error))
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


def overwrite_index(path: Path, data: bytes) -> None:
    """Write an index over an old one that is at least as long, where the disk has no room for another file.

    The header comes last: whoever reads in between has the old generation and reads all again.
    """
    descriptor = open_writable(path)
    try:
        pwrite_all(descriptor, data[RECORD:], RECORD)
        os.ftruncate(descriptor, len(data))
        pwrite_all(descriptor, data[:RECORD], 0)
    finally:
        os.close(descriptor)


def open_writable(path: Path, size: int = 0) -> int:
    """Open a file that everyone else may only read, making it if need be; grown to a size, where one is given."""
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
