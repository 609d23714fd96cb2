"""Finds objects in a cache directory and maps them; what serving processes have of the cache."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from pretzel.data_plane.cache.disk import TRANSIENT, read_whole
from pretzel.data_plane.cache.index import RECORD, Header, read_entries, read_index
from pretzel.data_plane.cache.layout import Layout, is_packed, key_of
from pretzel.errors import CorruptObjectError, NotFoundError, UnavailableError
from pretzel.kernels.mapping import Mapping
from pretzel.plan.digest import Digest


@dataclass
class KnownPack:
    """What was read of a pack's index, and the map of the pack."""

    header: Header | None = None
    """None where the index has no good one, and is read whole each time."""
    length: int = 0
    """Bytes of the index that were read."""
    places: dict[bytes, int] = field(default_factory=dict)
    """Where in the pack each object begins."""
    mapping: Mapping | None = None


class ObjectReader:
    """Maps objects of a cache directory, each file and each pack once, for as long as anyone uses them.

    Digests are not checked here: the supervisor checked them before it published what refers to them.  Safe to call
    from many threads.
    """

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root)
        self._lock = threading.Lock()
        self._packs: dict[int, KnownPack] = {}
        self._files: weakref.WeakValueDictionary[str, Mapping] = weakref.WeakValueDictionary()

    def fetch(self, digest: Digest) -> memoryview:
        """Return an object's bytes, mapped.

        Raises:
            NotFoundError: the cache does not hold it.
            CorruptObjectError: it is shorter or longer than its digest says, or cannot be mapped.
            UnavailableError: this process lacks descriptors or memory now.
        """
        mapping, offset = self._find(digest)
        return memoryview(mapping)[offset : offset + digest.size]

    def prefault(self, digest: Digest) -> None:
        """Bring an object into memory now, so that no request waits for the disk."""
        mapping, offset = self._find(digest)
        mapping.prefault(offset, digest.size)

    def refresh(self) -> None:
        """Read what was added to the indexes, and forget packs that are gone."""
        with self._lock:
            self._refresh()

    def forget(self, digests: Collection[Digest]) -> None:
        """Map these objects anew when they are next asked for; views of them stay as they are."""
        with self._lock:
            for digest in digests:
                self._files.pop(digest.hex, None)
            self._refresh()

    def _find(self, digest: Digest) -> tuple[Mapping, int]:
        try:
            with self._lock:
                return self._packed(digest) if is_packed(digest) else self._file(digest)
        except FileNotFoundError:
            raise NotFoundError(f"object {digest}: not in the cache") from None
        except OSError as error:
            if error.errno in TRANSIENT:
                raise UnavailableError(f"object {digest}: cannot be mapped now: {error}; retry") from error
            raise CorruptObjectError(f"object {digest}: cannot be mapped: {error}") from error

    def _file(self, digest: Digest) -> tuple[Mapping, int]:
        mapping = self._files.get(digest.hex)
        if mapping is None:
            mapping = self._files[digest.hex] = Mapping(self.layout.file(digest))
        if len(mapping) != digest.size:
            del self._files[digest.hex]
            raise CorruptObjectError(f"object {digest}: its file has {len(mapping)} bytes")
        return mapping, 0

    def _packed(self, digest: Digest) -> tuple[Mapping, int]:
        try:
            return self._inside(digest)
        except LookupError:  # what was not there, or lay in a pack that is gone, may lie in a newer one
            self._refresh()
            return self._inside(digest)

    def _inside(self, digest: Digest) -> tuple[Mapping, int]:
        key = key_of(digest)
        number = self._pack_of(key)
        if number is None:
            raise NotFoundError(f"object {digest}: not in the cache")
        offset = self._packs[number].places[key]
        mapping = self._mapped(number, offset + digest.size)
        if offset + digest.size > len(mapping):
            raise CorruptObjectError(f"object {digest}: its pack {mapping.path!s} ends at {len(mapping)}")
        return mapping, offset

    def _pack_of(self, key: bytes) -> int | None:
        """Return the newest pack that holds an object, as the writer does."""
        return max((number for number, pack in self._packs.items() if key in pack.places), default=None)

    def _mapped(self, number: int, end: int) -> Mapping:
        """Return the map of a pack; a pack that was cut short when it was mapped may have its size again."""
        pack = self._packs[number]
        if pack.mapping is None or len(pack.mapping) < end:
            try:
                pack.mapping = Mapping(self.layout.pack(number))
            except FileNotFoundError:
                raise NotFoundError(f"pack {number}: not in the cache") from None
        return pack.mapping

    def _refresh(self) -> None:
        numbers = self.layout.pack_numbers()
        for number in self._packs.keys() - set(numbers):
            del self._packs[number]
        for number in numbers:
            try:
                self._packs[number] = self._read(number)
            except OSError as error:
                if error.errno in TRANSIENT:
                    raise
                self._packs.pop(number, None)  # it is gone, or the supervisor is about to replace what stands there

    def _read(self, number: int) -> KnownPack:
        """Read what an index has more than before, or all of it where it is another index now."""
        data = read_whole(self.layout.index(number))
        header, known = Header.read(data), self._packs.get(number, KnownPack())
        mapping = known.mapping if header and known.header and header.pack == known.header.pack else None
        if header is None or header != known.header:
            places = {key: offset for key, offset, _ in read_index(data)}
            return KnownPack(header, whole_records(data), places, mapping)
        known.places |= {key: offset for key, offset, _ in read_entries(data[known.length :])}
        known.length = whole_records(data)
        return known


def whole_records(data: bytes) -> int:
    """Return how many bytes of an index are whole records."""
    return len(data) - len(data) % RECORD
