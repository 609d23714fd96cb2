"""Objects on their way into the cache."""

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
    """An object on its way in: a small one gathers in memory, a large one in a file whose space is reserved first.

    What is checked against the digest is what the file holds in the end, not what was sent.
    """

    def __init__(self, admit: Admit, layout: Layout, digest: Digest) -> None:
        """Begin; ``admit`` takes the whole object into its place.

        Raises:
            OSError: there is no room for it.
        """
        self._admit, self._digest = admit, digest
        self.size = 0
        self._buffer = bytearray()
        self._path = None if is_packed(digest) else layout.incoming / digest.hex
        self._descriptor = -1 if self._path is None else self._reserve(self._path, digest.size)

    def write(self, piece: Buffer) -> None:
        """Take the next piece.

        Raises:
            CorruptObjectError: there are more bytes than the digest covers.
            OSError: the disk did not take all of it.
        """
        self.size += len(piece)
        if self.size > self._digest.size:
            raise CorruptObjectError(f"object {self._digest}: more bytes came than that")
        if self._path is None:
            self._buffer += piece
        else:
            write_all(self._descriptor, piece)

    def commit(self) -> None:
        """Put the object in its place.

        Raises:
            CorruptObjectError: the bytes do not match the digest.
            OSError: the disk did not take all of it.
        """
        found = self._hash()
        if self.size != self._digest.size or found != self._digest.hex:
            raise CorruptObjectError(f"object {self._digest}: {self.size} bytes came, which hash to {found}")
        if self._path is None:
            self._admit(self._digest, self._buffer)
        else:
            os.fchmod(self._descriptor, 0o444)
            self._release()
            self._admit(self._digest, self._path)

    def close(self) -> None:
        """Forget what was not committed."""
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
            raise OSError(errno.ENOSPC, "No space left on device beside what is reserved for small objects")
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
