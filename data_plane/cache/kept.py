"""The last catalog, saved on disk with the objects of its plans, so that a restarted worker serves on its own.

The file is a list of frames.  The first has a whole catalog, each further one what changed since the one before, so
that a change of one model among thousands writes a few hundred bytes.  A damaged or torn frame ends the list: what
precedes it is a catalog that was once served.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from pretzel.data_plane.cache.disk import Stamp, read_whole, stamp_of
from pretzel.data_plane.cache.layout import key_of
from pretzel.data_plane.catalog import Catalog, plans_of
from pretzel.data_plane.records import Records
from pretzel.errors import CorruptObjectError
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode, encode
from pretzel.serving.durable import pwrite_all, replace_file

log = structlog.get_logger(__name__)

MAGIC = b"PRETZCT\x02"
_HEADER = struct.Struct("<8sQ32s")
"""Magic, bytes of the body, SHA-256 of the body."""
_PACKED = struct.Struct("<32sQ")
LEAST_CHANGES = 1 << 20
"""Bytes of changes, or of the first frame if that is larger, after which the whole file is written again."""

Closures = Mapping[Digest, tuple[Digest, ...]]
"""The objects that each plan refers to, known once the plan has been read."""


@dataclass
class _Written:
    """The content of the file."""

    catalog: Catalog = field(default_factory=Catalog)
    stamp: Stamp | None = None
    first: int = 0
    """Bytes of the first frame; 0 if the next save must write the whole file."""
    length: int = 0


class KeptCatalog:
    """The file in which a worker saves its catalog, so that it serves after a restart without a control plane."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = _Written()
        self._exists = False

    def save(self, catalog: Catalog, closures: Closures) -> None:
        """Save a catalog; ``closures`` has the objects of all its plans.

        Raises:
            OSError: the disk could not store it; an earlier one is still saved.
        """
        if not self._written.first or self.touched() or not self._append(catalog, closures):
            self._replace(catalog, closures)
        self._exists = True

    def load(self) -> tuple[Catalog, Closures] | None:
        """Return the saved catalog, or None if it is missing or damaged."""
        stamp = stamp_of(self._path)
        try:
            data = read_whole(self._path)
            catalog, closures, whole = parse_catalog(data)
        except FileNotFoundError:
            self._exists = False
            return None
        except (CorruptObjectError, OSError) as error:
            log.error("the saved catalog is damaged and is not used", path=str(self._path), error=str(error))
            self._exists = False
            return None
        if not whole:
            log.error("the end of the saved catalog is damaged; an earlier one is used", path=str(self._path))
        first = _HEADER.size + _HEADER.unpack_from(data)[1] if whole and data.startswith(MAGIC) else 0
        self._written = _Written(catalog, stamp, first, len(data))
        self._exists = True
        return catalog, closures

    def touched(self) -> bool:
        """Return whether another program wrote to the file, truncated it or replaced it."""
        return self._exists and (self._written.stamp is None or stamp_of(self._path) != self._written.stamp)

    def _replace(self, catalog: Catalog, closures: Closures) -> None:
        data = frame(catalog, catalog.records, (), closures)
        self._written.first = 0
        replace_file(self._path, data)
        self._written = _Written(catalog, stamp_of(self._path), len(data), len(data))

    def _append(self, catalog: Catalog, closures: Closures) -> bool:
        """Append the changes, and return whether the file had room for them."""
        written = self._written
        changed, gone = catalog.records.since(written.catalog.records)
        plans = {plan for record in changed.values() for plan in plans_of(record)}
        data = frame(catalog, changed, gone, {plan: closures[plan] for plan in plans if plan in closures})
        if written.length + len(data) > written.first + max(written.first, LEAST_CHANGES):
            return False
        first, written.first = written.first, 0  # after a failure, the whole file is written
        append(self._path, data, written.length)
        self._written = _Written(catalog, stamp_of(self._path), first, written.length + len(data))
        return True


def append(path: Path, data: bytes, offset: int) -> None:
    """Write at the end of a file that others may only read, and flush it to the disk.

    Raises:
        OSError: the disk could not store it.
    """
    os.chmod(path, 0o644)
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fchmod(descriptor, 0o444)
        pwrite_all(descriptor, data, offset)
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def frame(catalog: Catalog, records: Mapping[str, bytes], gone: Iterable[str], closures: Closures) -> bytes:
    """Return the frame of a catalog with these changed records, and the objects of their plans."""
    objects = [[pack([plan]), pack(digests)] for plan, digests in closures.items()]
    body = encode([catalog.epoch, catalog.revision, list(records.items()), list(gone), objects])
    return _HEADER.pack(MAGIC, len(body), hashlib.sha256(body).digest()) + body


def read_catalog(path: Path) -> tuple[Catalog, Closures] | None:
    """Return the saved catalog, or None if it is missing or unusable."""
    return KeptCatalog(path).load()


def parse_catalog(data: bytes) -> tuple[Catalog, Closures, bool]:
    """Decode the file of a catalog, and return whether its end is intact too.

    Raises:
        CorruptObjectError: its first frame is damaged.
    """
    try:
        if not data.startswith(MAGIC):
            return (*_parse_old(data), True)
        catalog, closures, end = Catalog(), dict[Digest, tuple[Digest, ...]](), 0
        for past, (epoch, revision, changed, gone, objects) in _frames(data):
            catalog, end = catalog.changed(epoch, revision, dict(changed), gone), past
            closures |= {unpack(plan)[0]: unpack(digests) for plan, digests in objects}
    except (TypeError, ValueError, struct.error) as error:
        raise CorruptObjectError(f"it cannot be read: {error}") from None
    if not end:
        raise CorruptObjectError("its checksum does not match")
    return catalog, closures, end == len(data)


def _frames(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the end of each frame, and its content, up to a damaged one."""
    at = 0
    while at + _HEADER.size <= len(data):
        magic, size, checksum = _HEADER.unpack_from(data, at)
        body = data[at + _HEADER.size : at + _HEADER.size + size]
        if magic != MAGIC or len(body) != size or hashlib.sha256(body).digest() != checksum:
            return
        at += _HEADER.size + size
        yield at, decode(body)


def _parse_old(data: bytes) -> tuple[Catalog, Closures]:
    """Decode a file of an older version, which is replaced at the next save."""
    checksum, body = decode(data)
    if hashlib.sha256(body).digest() != checksum:
        raise CorruptObjectError("its checksum does not match")
    epoch, revision, records, objects = decode(body)
    closures = {unpack(plan)[0]: unpack(digests) for plan, digests in objects}
    return Catalog(epoch, revision, Records(dict(records))), closures


def pack(digests: Iterable[Digest]) -> bytes:
    """Encode digests as forty bytes each: text would add a second to each publication of 20 000 models."""
    return b"".join(_PACKED.pack(key_of(digest), digest.size) for digest in digests)


def unpack(data: bytes) -> tuple[Digest, ...]:
    """Decode the bytes of :func:`pack`."""
    return tuple(Digest(key.hex(), size) for key, size in _PACKED.iter_unpack(data))
