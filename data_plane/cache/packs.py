"""Writes small objects into packs: append-only files with an index beside each."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from pretzel.data_plane.cache.layout import (
    ALIGNMENT,
    ENTRY,
    PACK_SIZE,
    Layout,
    key_of,
    read_entries,
    replace,
)
from pretzel.plan.digest import Digest

Entry = tuple[bytes, int, int]


class PackWriter:
    """The one writer of a directory's packs.

    The bytes of an object are written before its index entry, and an entry is one append; what was torn in between
    leaves bytes that nothing names, and they are written over.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._open: tuple[int, int, int] | None = None  # number, descriptor of the pack, descriptor of the index
        self.entries: dict[int, dict[bytes, Entry]] = {n: self._mend(n) for n in layout.pack_numbers()}
        # Ends only move on, even past what was dropped: a process may still have the dropped bytes mapped.
        self._ends = {number: end_of(entries) for number, entries in self.entries.items()}

    def append(self, digest: Digest, data: bytes | bytearray | memoryview) -> int:
        """Store an object that is known to match its digest, and return the pack it lies in."""
        number, pack, index = self._current(digest.size)
        offset = self._ends[number]
        os.pwrite(pack, data, offset)
        self._ends[number] = aligned(offset + digest.size)
        entry = (key_of(digest), offset, digest.size)
        os.write(index, ENTRY.pack(*entry))
        self.entries[number][entry[0]] = entry
        return number

    def drop(self, digests: list[Digest]) -> None:
        """Forget objects; their bytes stay until the pack is rewritten."""
        keys = {key_of(digest) for digest in digests}
        for number, entries in self.entries.items():
            if keys & entries.keys():
                self.entries[number] = {k: entry for k, entry in entries.items() if k not in keys}
                self._write_index(number, self.entries[number])

    def sparse_packs(self) -> list[int]:
        """Return the packs of which less than half is still named, the one being written aside."""
        live = Counter({n: sum(aligned(size) for _, _, size in e.values()) for n, e in self.entries.items()})
        writing = max(self.entries, default=0)
        return [n for n in self.entries if n != writing and 2 * live[n] < PACK_SIZE]

    def remove(self, number: int) -> None:
        """Delete a pack; maps of it stay good, and whoever looks for it anew reads the other indexes."""
        del self.entries[number], self._ends[number]
        self._layout.index(number).unlink()
        self._layout.pack(number).unlink(missing_ok=True)

    def close(self) -> None:
        """Close what is open."""
        if self._open:
            os.close(self._open[1])
            os.close(self._open[2])
            self._open = None

    def _current(self, size: int) -> tuple[int, int, int]:
        number = max(self.entries, default=0)
        if number not in self.entries or self._ends[number] + size > PACK_SIZE:
            number += 1
            self.entries[number], self._ends[number] = {}, 0
        if self._open is None or self._open[0] != number:
            self.close()
            index = open_writable(self._layout.index(number))
            pack = open_writable(self._layout.pack(number), PACK_SIZE)
            self._open = (number, pack, index)
        return self._open

    def _mend(self, number: int) -> dict[bytes, Entry]:
        """Read an index, leaving out a torn tail and entries that its pack cannot hold."""
        data = self._layout.index(number).read_bytes()
        pack = self._layout.pack(number)
        length = min(pack.stat().st_size, PACK_SIZE) if pack.exists() else 0
        entries = {entry[0]: entry for entry in read_entries(data) if entry[1] + entry[2] <= length}
        if length < PACK_SIZE:  # before anyone maps it: a map does not grow with its file
            os.close(open_writable(pack, PACK_SIZE))
        if len(entries) * ENTRY.size != len(data):
            self._write_index(number, entries)
        return entries

    def _write_index(self, number: int, entries: dict[bytes, Entry]) -> None:
        if self._open and self._open[0] == number:
            self.close()
        replace(self._layout.index(number), b"".join(ENTRY.pack(*entry) for entry in entries.values()))


def end_of(entries: dict[bytes, Entry]) -> int:
    """Return where the next object may begin."""
    return max((aligned(offset + size) for _, offset, size in entries.values()), default=0)


def aligned(offset: int) -> int:
    """Return the first place at or after an offset where an object may begin."""
    return -(-offset // ALIGNMENT) * ALIGNMENT


def open_writable(path: Path, size: int = 0) -> int:
    """Open a file that everyone else may only read, making it if need be: of a size, or else to append to."""
    if path.exists():
        path.chmod(0o644)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(path, flags if size else flags | os.O_APPEND, 0o644)
    os.fchmod(descriptor, 0o444)
    if size:
        os.ftruncate(descriptor, size)
    return descriptor
