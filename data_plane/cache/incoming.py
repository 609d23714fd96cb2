"""Takes one object into the cache, piece by piece, and checks its digest."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from pretzel.data_plane.cache.disk import RESERVE, free_bytes, hash_at
from pretzel.data_plane.cache.layout import Layout, is_packed
from pretzel.errors import CorruptObjectError
from pretzel.plan.digest import Digest
from pretzel.serving.durable import Buffer, write_all

Admit = Callable[[Digest, bytearray | Path], None]


class Incoming:
    """An object being received: a small one is collected in memory, a large one in a file with reserved space.

    The digest is checked against the content of the written file, not against the received bytes.
    """

    def __init__(self, admit: Admit, layout: Layout, digest: Digest) -> None:
        """Start to receive; ``admit`` moves the complete object into its place.

        Raises:
            OSError: the disk has too little space for it.
        """
        self._admit, self._digest = admit, digest
        self.size = 0
        self._buffer = bytearray()
        self._path: Path | None = None
        self._descriptor = -1
        if not is_packed(digest):
            self._descriptor, self._path = _reserve(layout.incoming, digest)

    def write(self, piece: Buffer) -> None:
        """Write the next piece.

        Raises:
            CorruptObjectError: more bytes arrived than the digest covers.
            OSError: the disk could not store all of it.
        """
        total = self.size + len(piece)
        if total > self._digest.size:
            raise CorruptObjectError(f"object {self._digest}: {total} bytes arrived, {self._digest.size} expected")
        self.size = total
        if self._path is None:
            self._buffer += piece
        else:
            write_all(self._descriptor, piece)

    def commit(self) -> None:
        """Move the object into its place.

        Raises:
            CorruptObjectError: the bytes do not match the digest.
            OSError: the disk could not store all of it.
        """
        if self.size != self._digest.size:
            raise CorruptObjectError(f"object {self._digest}: {self.size} bytes arrived, {self._digest.size} expected")
        if (actual := self._hash()) != self._digest.hex:
            raise CorruptObjectError(f"object {self._digest}: the bytes hash to sha256:{actual}")
        if self._path is None:
            self._admit(self._digest, self._buffer)
        else:
            os.fchmod(self._descriptor, 0o444)
            self._release()
            self._admit(self._digest, self._path)

    def close(self) -> None:
        """Delete an object that was not committed."""
        self._release()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _hash(self) -> str:
        if self._path is None:
            return hashlib.sha256(self._buffer).hexdigest()
        return hash_at(self._path, 0, self.size)

    def _release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _reserve(directory: Path, digest: Digest) -> tuple[int, Path]:
    """Create a file with reserved space, which no other receiver of the object uses."""
    if free_bytes(directory) < digest.size + RESERVE:
        raise OSError(errno.ENOSPC, "No space left on device beyond the reserve for small objects")
    descriptor, name = tempfile.mkstemp(dir=directory, prefix=digest.short)
    try:
        os.posix_fallocate(descriptor, 0, digest.size)
    except OSError:
        os.close(descriptor)
        os.unlink(name)
        raise
    return descriptor, Path(name)
