"""The last catalog, saved on disk with the objects of its plans, so that a restarted worker serves on its own."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

import structlog

from pretzel.data_plane.cache.disk import Stamp, read_whole, stamp_of
from pretzel.data_plane.cache.layout import key_of
from pretzel.data_plane.catalog import Catalog
from pretzel.errors import CorruptObjectError
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode, encode
from pretzel.serving.durable import replace_file

log = structlog.get_logger(__name__)

_PACKED = struct.Struct("<32sQ")

Closures = Mapping[Digest, tuple[Digest, ...]]
"""The objects that each plan refers to, known once the plan has been read."""


class KeptCatalog:
    """The file in which a worker saves its catalog, so that it serves after a restart without a control plane."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: Stamp | None = None
        self._exists = False

    def save(self, catalog: Catalog, closures: Closures) -> None:
        """Save a catalog.

        Raises:
            OSError: the disk could not store it; the previous one is still saved.
        """
        write_catalog(self._path, catalog, closures)
        self._stamp, self._exists = stamp_of(self._path), True

    def load(self) -> tuple[Catalog, Closures] | None:
        """Return the saved catalog, or None if it is missing or damaged."""
        self._stamp = stamp_of(self._path)
        saved = read_catalog(self._path)
        self._exists = saved is not None
        return saved

    def touched(self) -> bool:
        """Return whether another program wrote to the file, truncated it or replaced it."""
        return self._exists and (self._stamp is None or stamp_of(self._path) != self._stamp)


def write_catalog(path: Path, catalog: Catalog, closures: Closures) -> None:
    """Save a catalog.

    Raises:
        OSError: the disk could not store it; the previous one is still saved.
    """
    objects = [[pack([plan]), pack(digests)] for plan, digests in closures.items()]
    body = encode([catalog.epoch, catalog.revision, list(catalog.records.items()), objects])
    replace_file(path, encode([hashlib.sha256(body).digest(), body]))


def read_catalog(path: Path) -> tuple[Catalog, Closures] | None:
    """Return the saved catalog, or None if it is missing or unusable."""
    try:
        return parse_catalog(read_whole(path))
    except FileNotFoundError:
        return None
    except (CorruptObjectError, OSError) as error:
        log.error("the saved catalog is damaged and is not used", path=str(path), error=str(error))
        return None


def parse_catalog(data: bytes) -> tuple[Catalog, Closures]:
    """Decode the bytes of :func:`write_catalog`.

    Raises:
        CorruptObjectError: the bytes are damaged.
    """
    try:
        checksum, body = decode(data)
        if hashlib.sha256(body).digest() != checksum:
            raise CorruptObjectError("its checksum does not match")
        epoch, revision, records, objects = decode(body)
        closures = {unpack(plan)[0]: unpack(digests) for plan, digests in objects}
        return Catalog(epoch, revision, dict(records)), closures
    except (TypeError, ValueError, struct.error) as error:
        raise CorruptObjectError(f"it cannot be read: {error}") from None


def pack(digests: Iterable[Digest]) -> bytes:
    """Encode digests as forty bytes each: text would add a second to each publication of 20 000 models."""
    return b"".join(_PACKED.pack(key_of(digest), digest.size) for digest in digests)


def unpack(data: bytes) -> tuple[Digest, ...]:
    """Decode the bytes of :func:`pack`."""
    return tuple(Digest(key.hex(), size) for key, size in _PACKED.iter_unpack(data))
