"""Finds objects in a cache directory and maps them; what serving processes have of the cache."""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path

from pretzel.data_plane.cache.layout import ENTRY, Layout, is_packed, key_of, read_entries
from pretzel.errors import CorruptObjectError, NotFoundError
from pretzel.kernels.mapping import Mapping
from pretzel.plan.digest import Digest

Seen = tuple[int, int]
"""Inode of an index and how many bytes of it were read."""


class ObjectReader:
    """Maps objects of a cache directory, each file and each pack once, for as long as anyone uses them.

    Digests are not checked here: the supervisor checked them before it published what refers to them.  Safe to call
    from many threads.
    """

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root)
        self._lock = threading.Lock()
        self._places: dict[bytes, tuple[int, int]] = {}
        self._seen: dict[int, Seen] = {}
        self._packs: dict[int, Mapping] = {}
        self._files: weakref.WeakValueDictionary[str, Mapping] = weakref.WeakValueDictionary()

    def fetch(self, digest: Digest) -> memoryview:
        """Return an object's bytes, mapped.

        Raises:
            NotFoundError: the cache does not hold it.
            CorruptObjectError: it is shorter or longer than its digest says.
        """
        with self._lock:
            mapping, offset = self._packed(digest) if is_packed(digest) else self._file(digest)
        return memoryview(mapping)[offset : offset + digest.size]

    def prefault(self, digest: Digest) -> None:
        """Bring an object into memory now, so that no request waits for the disk."""
        with self._lock:
            mapping, offset = self._packed(digest) if is_packed(digest) else self._file(digest)
        mapping.prefault(offset, digest.size)

    def place(self, digest: Digest) -> tuple[int, int] | None:
        """Return the pack and the offset of a small object, or None."""
        return self._places.get(key_of(digest))

    def _file(self, digest: Digest) -> tuple[Mapping, int]:
        mapping = self._files.get(digest.hex)
        if mapping is None:
            try:
                mapping = Mapping(self.layout.file(digest))
            except FileNotFoundError:
                raise NotFoundError(f"object {digest}: not in the cache") from None
            self._files[digest.hex] = mapping
        if len(mapping) != digest.size:
            del self._files[digest.hex]
            raise CorruptObjectError(f"object {digest}: its file has {len(mapping)} bytes")
        return mapping, 0

    def _packed(self, digest: Digest) -> tuple[Mapping, int]:
        for fresh in (False, True):
            if fresh:  # what was not there, or lay in a pack that is gone, may lie in a newer one
                self._refresh()
            place = self._places.get(key_of(digest))
            mapping = self._pack(place[0]) if place else None
            if place and mapping:
                return self._inside(digest, mapping, place[1])
        raise NotFoundError(f"object {digest}: not in the cache")

    def _inside(self, digest: Digest, mapping: Mapping, offset: int) -> tuple[Mapping, int]:
        if offset + digest.size > len(mapping):
            raise CorruptObjectError(f"object {digest}: its pack {mapping.path!s} ends at {len(mapping)}")
        return mapping, offset

    def _pack(self, number: int) -> Mapping | None:
        if number not in self._packs:
            try:
                self._packs[number] = Mapping(self.layout.pack(number))
            except FileNotFoundError:
                return None
        return self._packs[number]

    def refresh(self) -> None:
        """Read what was added to the indexes, and forget packs that are gone."""
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        numbers = self.layout.pack_numbers()
        if self._replaced(numbers):
            self._places, self._seen = {}, {}
        for number in self._packs.keys() - set(numbers):
            del self._packs[number]
        for number in numbers:
            self._read_tail(number)

    def _replaced(self, numbers: list[int]) -> bool:
        """Return whether an index that was read is gone or is another file now."""
        inodes = {number: inode_of(self.layout.index(number)) for number in numbers}
        return any(inodes.get(number) != inode for number, (inode, _) in self._seen.items())

    def _read_tail(self, number: int) -> None:
        try:
            with open(self.layout.index(number), "rb") as file:
                _, start = self._seen.get(number, (0, 0))
                file.seek(start)
                data = file.read()
                inode = inode_of(file.fileno())
        except FileNotFoundError:
            return
        for key, offset, _ in read_entries(data):
            self._places[key] = (number, offset)
        self._seen[number] = (inode or 0, start + len(data) - len(data) % ENTRY.size)


def inode_of(path: Path | int) -> int | None:
    """Return the inode of a file, or None where there is none."""
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return None
