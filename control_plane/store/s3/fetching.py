"""Transfers of objects from an S3-compatible store: piece by piece, hashed on the way."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pretzel.control_plane.store import files
from pretzel.control_plane.store.s3.bucket import Bucket, Stored
from pretzel.control_plane.store.s3.copies import Copies
from pretzel.errors import UnavailableError
from pretzel.plan.digest import Digest
from pretzel.serving.durable import write_all

_ATTEMPTS = 3
"""Transfers before an object counts as damaged: one may be replaced while it is read, or changed on the way."""


@dataclass(frozen=True, slots=True)
class Intact:
    """Result of reading a stored object."""

    state: Stored
    whole: bool
    """Whether its bytes have its digest."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Result of a transfer."""

    state: Stored
    data: memoryview | None
    """The bytes; None if they do not have the digest."""


def is_intact(bucket: Bucket, key: str, digest: Digest) -> Intact | None:
    """Read a stored object, and return whether it is intact; None if it does not exist."""
    return _transferred(bucket, key, digest, lambda: None, lambda piece: None)


def fetch(bucket: Bucket, copies: Copies, key: str, digest: Digest) -> Fetched | None:
    """Return a stored object and keep a copy of it; None if it does not exist.

    Raises:
        UnavailableError: the store or the disk failed.
    """
    if digest.size < files.MAP_FROM:
        return _fetch_small(bucket, copies, key, digest)
    with _copying(digest, copies) as (descriptor, filling):

        def restart() -> None:
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)

        intact = _transferred(bucket, key, digest, restart, lambda piece: write_all(descriptor, piece))
        if intact is None:
            return None
        data = files.read_file(filling, digest.size) if intact.whole else None
        if data is not None:
            copies.adopt(digest, filling)
    return Fetched(intact.state, data)


def _fetch_small(bucket: Bucket, copies: Copies, key: str, digest: Digest) -> Fetched | None:
    held = bytearray()
    intact = _transferred(bucket, key, digest, held.clear, held.extend)
    if intact is None or not intact.whole:
        return Fetched(intact.state, None) if intact else None
    data = bytes(held)
    copies.add(digest, data)
    return Fetched(intact.state, memoryview(data))


def _transferred(
    bucket: Bucket, key: str, digest: Digest, restart: Callable[[], object], take: Callable[[bytes], object]
) -> Intact | None:
    """Pass the bytes of an object to ``take``; ``restart`` precedes each attempt."""
    for left in reversed(range(_ATTEMPTS)):
        restart()
        try:
            intact = _attempt(bucket, key, digest, take)
        except UnavailableError:
            if not left:
                raise
            continue
        if intact is None or intact.whole or intact.state.size != digest.size or not left:
            return intact
    raise AssertionError("the last attempt returns or raises")


def _attempt(bucket: Bucket, key: str, digest: Digest, take: Callable[[bytes], object]) -> Intact | None:
    opened = bucket.open(key)
    if opened is None:
        return None
    state, pieces = opened
    if state.size != digest.size:  # its bytes need not be read
        return Intact(state, whole=False)
    hashed = hashlib.sha256()
    for piece in pieces:
        hashed.update(piece)
        take(piece)
    return Intact(state, hashed.hexdigest() == digest.hex)


@contextmanager
def _copying(digest: Digest, copies: Copies) -> Iterator[tuple[int, Path]]:
    """Open a file for a copy; it is removed unless it was adopted."""
    try:
        descriptor, filling = copies.begin(digest)
        try:
            yield descriptor, filling
        finally:
            os.close(descriptor)
            filling.unlink(missing_ok=True)
    except OSError as error:
        raise UnavailableError(
            f"object {digest}: it cannot be copied to {copies.directory} now ({error.strerror}); retry, and free space "
            "there if that fails too"
        ) from None
