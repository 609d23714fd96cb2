"""Takes one object into the cache, piece by piece, and checks its digest."""

from __future__ import annotations

import errno
import hashlib
import os
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
        self._path = None if is_packed(digest) else layout.incoming / digest.hex
        self._descriptor = -1 if self._path is None else self._reserve(self._path, digest.size)

    def write(self, piece: Buffer) -> None:
        """Write the next piece.

        Raises:
            CorruptObjectError: more bytes arrived than the digest covers.
            OSError: the disk could not store all of it.
        """
        self.size += len(piece)
        if self.size > self._digest.size:
            raise CorruptObjectError(f"object {self._digest}: more bytes arrived than that")
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
        actual = self._hash()
        if self.size != self._digest.size or actual != self._digest.hex:
            raise CorruptObjectError(f"object {self._digest}: {self.size} bytes arrived, which hash to {actual}")
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

    def _reserve(self, path: Path, size: int) -> int:
        path.unlink(missing_ok=True)
        if free_bytes(path.parent) < size + RESERVE:
            raise OSError(errno.ENOSPC, "No space left on device beyond the reserve for small objects")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        return descriptor

    def _release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
