"""The serving processes' side of the cache: finds objects and maps them."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pretzel.data_plane.cache.disk import TRANSIENT, read_at, read_whole
from pretzel.data_plane.cache.index import RECORD, Header, read_entries, read_index
from pretzel.data_plane.cache.layout import PACK_SIZE, Layout, is_packed, key_of
from pretzel.data_plane.cache.proof import CheckedMap, Proof
from pretzel.errors import CorruptObjectError, NotFoundError, UnavailableError
from pretzel.plan.digest import Digest


@dataclass
class KnownPack:
    """The known entries of a pack's index, and the map of the pack."""

    header: Header | None = None
    """None if the index has no valid header; it is then read whole each time."""
    length: int = 0
    """Bytes of the index that were read."""
    places: dict[bytes, int] = field(default_factory=dict)
    """Offset of each object in the pack."""
    mapping: CheckedMap | None = None


class ObjectReader:
    """Maps objects of a cache directory, each file and pack once, for as long as they are in use.

    An object is hashed if its file was changed after the supervisor last checked all files, so that a load does not
    take time in proportion to the size of a model.  Safe to call from many threads.
    """

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root)
        self._lock = threading.Lock()
        self._packs: dict[int, KnownPack] = {}
        self._files: weakref.WeakValueDictionary[str, CheckedMap] = weakref.WeakValueDictionary()
        self.vouched = 0.0
        """Start of the supervisor's last check of all files, by ``time.time()``: older changes did no damage."""

    def fetch(self, digest: Digest) -> memoryview:
        """Return the mapped bytes of an object.

        Raises:
            NotFoundError: the cache does not hold it.
            CorruptObjectError: its bytes do not match its digest, or it cannot be mapped.
            UnavailableError: this process is short of descriptors or memory.
        """
        mapping, offset = self._find(digest)
        mapping.check(digest, offset, since=time.monotonic(), vouched=self.vouched)
        return memoryview(mapping)[offset : offset + digest.size]

    def prove(self, digests: Iterable[Digest]) -> Proof:
        """Check objects, read them into memory, and return a proof for the answers that are computed from them.

        Raises:
            NotFoundError, CorruptObjectError, UnavailableError: as :meth:`fetch` does.
        """
        proof = Proof([(d, *self._find(d)) for d in digests], lambda: self.vouched, self._is_growing)
        damaged = proof.renew(time.monotonic()).damaged
        if damaged:
            raise CorruptObjectError(f"object {damaged[0]}: its bytes in the cache do not match its digest")
        proof.prefault()
        return proof

    def refresh(self) -> None:
        """Read new entries of the indexes, forget removed packs, and map new ones.

        A pack is mapped before its first use, because a process that is short of memory may then be refused the map.
        """
        with self._lock:
            self._refresh()
            for number in self._packs:
                with contextlib.suppress(OSError, NotFoundError):  # it is reported when it is needed
                    self._mapped(number, 0)

    def forget(self, digests: Collection[Digest]) -> None:
        """Map these objects again on their next use; existing views do not change."""
        with self._lock:
            for digest in digests:
                self._files.pop(digest.hex, None)
            self._refresh()

    def _is_growing(self, mapping: CheckedMap) -> bool:
        """Return whether a map is that of the newest pack, to which the supervisor adds objects."""
        with self._lock:
            return bool(self._packs) and self._packs[max(self._packs)].mapping is mapping

    def _find(self, digest: Digest) -> tuple[CheckedMap, int]:
        try:
            with self._lock:
                return self._packed(digest) if is_packed(digest) else self._file(digest)
        except FileNotFoundError:
            raise NotFoundError(f"object {digest}: not in the cache") from None
        except OSError as error:
            if error.errno in TRANSIENT:
                raise UnavailableError(f"object {digest}: cannot be mapped now: {error}; retry") from error
            raise CorruptObjectError(f"object {digest}: cannot be mapped: {error}") from error

    def _file(self, digest: Digest) -> tuple[CheckedMap, int]:
        mapping = self._files.get(digest.hex)
        if mapping is None or not is_current(mapping):
            mapping = self._files[digest.hex] = CheckedMap(self.layout.file(digest))
        if len(mapping) != digest.size:
            del self._files[digest.hex]
            raise CorruptObjectError(f"object {digest}: its file has {len(mapping)} bytes, {digest.size} expected")
        return mapping, 0

    def _packed(self, digest: Digest) -> tuple[CheckedMap, int]:
        try:
            return self._inside(digest)
        except LookupError:  # the object may have been added or moved to a newer pack
            self._refresh()
            return self._inside(digest)

    def _inside(self, digest: Digest) -> tuple[CheckedMap, int]:
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

    def _mapped(self, number: int, end: int) -> CheckedMap:
        """Return the map of a pack; map it again if it was replaced, or truncated when it was mapped."""
        pack = self._packs[number]
        if pack.mapping is None or len(pack.mapping) < end or not is_current(pack.mapping):
            try:
                pack.mapping = CheckedMap(self.layout.pack(number))
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
                self._packs.pop(number, None)  # it is gone, or the supervisor is about to replace it

    def _read(self, number: int) -> KnownPack:
        """Read the new entries of an index, or all of it if it was replaced."""
        path, pack = self.layout.index(number), self._packs.get(number, KnownPack())
        header = Header.read(read_at(path, 0, RECORD))
        mapping = pack.mapping if header and pack.header and header.pack == pack.header.pack else None
        if header is None or header != pack.header:
            data = read_whole(path)
            places = {key: offset for key, offset, _ in read_index(data)}
            return KnownPack(Header.read(data), whole_records(data), places, mapping)
        data = read_at(path, pack.length, PACK_SIZE)
        pack.places |= {key: offset for key, offset, _ in read_entries(data)}
        pack.length += whole_records(data)
        return pack


def is_current(mapping: CheckedMap) -> bool:
    """Return whether the path of a map still leads to the mapped file."""
    mapping.look()
    return mapping.is_named


def whole_records(data: bytes) -> int:
    """Return the bytes of the complete records of an index."""
    return len(data) - len(data) % RECORD
