"""The last catalog, kept on disk with what its plans refer to, so that a restarted worker serves by itself."""

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
"""The objects that each plan refers to, known once the plan was read."""


class KeptCatalog:
    """The file in which a worker keeps its catalog, so that it serves after a restart without a control plane."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: Stamp | None = None
        self._exists = False

    def save(self, catalog: Catalog, closures: Closures) -> None:
        """Keep a catalog.

        Raises:
            OSError: the disk did not take it; what was kept before still is.
        """
        write_catalog(self._path, catalog, closures)
        self._stamp, self._exists = stamp_of(self._path), True

    def load(self) -> tuple[Catalog, Closures] | None:
        """Return what was kept, or None where there is nothing or it is damaged."""
        self._stamp = stamp_of(self._path)
        found = read_catalog(self._path)
        self._exists = found is not None
        return found

    def touched(self) -> bool:
        """Whether someone else wrote to the file, cut it short, or replaced it."""
        return self._exists and (self._stamp is None or stamp_of(self._path) != self._stamp)


def write_catalog(path: Path, catalog: Catalog, closures: Closures) -> None:
    """Keep a catalog.

    Raises:
        OSError: the disk did not take it; what was kept before still is.
    """
    objects = [[pack([plan]), pack(digests)] for plan, digests in closures.items()]
    body = encode([catalog.epoch, catalog.revision, list(catalog.records.items()), objects])
    replace_file(path, encode([hashlib.sha256(body).digest(), body]))


def read_catalog(path: Path) -> tuple[Catalog, Closures] | None:
    """Return what was kept, or None where there is nothing or it cannot be used."""
    try:
        return parse_catalog(read_whole(path))
    except FileNotFoundError:
        return None
    except (CorruptObjectError, OSError) as error:
        log.error("the catalog kept is damaged and is not used", path=str(path), error=str(error))
        return None


def parse_catalog(data: bytes) -> tuple[Catalog, Closures]:
    """Read what :func:`write_catalog` wrote.

    Raises:
        CorruptObjectError: it is damaged.
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
    """Return digests as forty bytes each: at 20 000 models, text would take a second of every publication."""
    return b"".join(_PACKED.pack(key_of(digest), digest.size) for digest in digests)


def unpack(data: bytes) -> tuple[Digest, ...]:
    """Read what :func:`pack` wrote."""
    return tuple(Digest(key.hex(), size) for key, size in _PACKED.iter_unpack(data))
