"""Format of a pack's index: a header that names its generation, then an entry for each object of the pack.

Readers distinguish an index from its replacement by the generation, a random number: an inode or a time may recur.
Header and entries are equally long and carry a checksum each, so that a damaged one is skipped and the rest is read.
An index without a header was written by an older version; its entries are read too.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pretzel.data_plane.cache.layout import ALIGNMENT, PACK_SIZE, SMALL

ENTRY = struct.Struct("<32sQI")
"""SHA-256, offset in the pack, size; a checksum follows."""
HEADER = struct.Struct("<8s16s16s4x")
"""Magic, generation of the index, identity of the pack; a checksum follows."""
_OLD = struct.Struct("<32sQQ")
"""An entry of an index without a header: SHA-256, offset, size."""
_CHECKSUM = struct.Struct("<I")
RECORD = ENTRY.size + _CHECKSUM.size
"""Bytes of a header, and of an entry, with its checksum."""
MAGIC = b"PRETZIX\x02"

Entry = tuple[bytes, int, int]
"""Key of an object, its offset in the pack, its size."""


@dataclass(frozen=True)
class Header:
    """Identity of an index and of its pack."""

    generation: bytes
    """Changes with each replacement of the index, but not when entries are added."""
    pack: bytes
    """Unique to each pack ever created, even under the same number."""

    @classmethod
    def new(cls, pack: bytes | None = None) -> Header:
        """Return the header of a new index, for a new pack or an existing one."""
        return cls(os.urandom(16), pack or os.urandom(16))

    def packed(self) -> bytes:
        """Return the first bytes of the index."""
        return _sealed(HEADER.pack(MAGIC, self.generation, self.pack))

    @classmethod
    def read(cls, data: bytes) -> Header | None:
        """Decode the header of an index; None if it is damaged, or an older version wrote none."""
        record = data[:RECORD]
        if len(record) < RECORD or not _is_sealed(record):
            return None
        magic, generation, pack = HEADER.unpack_from(record)
        return cls(generation, pack) if magic == MAGIC else None


def pack_entry(entry: Entry) -> bytes:
    """Return the encoded entry of an index."""
    return _sealed(ENTRY.pack(*entry))


def pack_index(header: Header, entries: Iterable[Entry]) -> bytes:
    """Return a complete encoded index."""
    return b"".join([header.packed(), *map(pack_entry, entries)])


def read_index(data: bytes) -> list[Entry]:
    """Return the entries of a complete index, in this format or the older one, with or without a valid header."""
    entries = list(read_entries(data[RECORD:]))
    return entries if entries or Header.read(data) else list(_read_old(data))


def read_entries(data: bytes) -> Iterator[Entry]:
    """Yield the intact entries among the records after a header; damaged ones and a torn last one are skipped."""
    for at in range(0, len(data) - RECORD + 1, RECORD):
        record = data[at : at + RECORD]
        if _is_sealed(record) and is_plausible(entry := ENTRY.unpack_from(record)):
            yield entry


def is_plausible(entry: tuple[bytes, int, int]) -> bool:
    """Return whether an entry has a valid size and offset for a packed object."""
    _, offset, size = entry
    return size < SMALL and offset % ALIGNMENT == 0 and offset + size <= PACK_SIZE


def _read_old(data: bytes) -> Iterator[Entry]:
    return filter(is_plausible, _OLD.iter_unpack(data[: len(data) - len(data) % _OLD.size]))


def _sealed(body: bytes) -> bytes:
    return body + _CHECKSUM.pack(zlib.crc32(body))


def _is_sealed(record: bytes) -> bool:
    body, checksum = record[: -_CHECKSUM.size], record[-_CHECKSUM.size :]
    return checksum == _CHECKSUM.pack(zlib.crc32(body))
