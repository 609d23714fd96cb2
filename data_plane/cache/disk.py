"""Reads objects from disk without mapping them: a file that shrinks or fails raises an error.

A read through a map would end the process by SIGBUS instead.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PIECE = 1 << 18
"""Bytes per read: small enough for a smooth bounded rate."""
TRANSIENT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR})
"""Errors that mean a shortage in this process or machine, and not a damaged file."""
RESERVE = 1 << 20
"""Bytes that files of large objects leave free for small objects, indexes and the catalog."""
Pace = Callable[[int], None]
"""Called with the bytes of each read; waits to bound the rate."""


Stamp = tuple[int, int, int, int]
"""Inode, size, modification time and change time of a file."""


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a regular file for reading, without following links or blocking on a FIFO.

    Raises:
        OSError: the file is missing, cannot be opened, or is not a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        yield descriptor
    finally:
        os.close(descriptor)


def stamp_of(path: Path | int) -> Stamp | None:
    """Return the stamp of a file, which changes when it is written, truncated or replaced; None if it is missing."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def free_bytes(path: Path) -> int:
    """Return the free bytes of the disk."""
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize


def read_at(path: Path, offset: int, size: int) -> bytes:
    """Return a range of a file, truncated at the end of the file.

    Raises:
        OSError: the file cannot be read.
    """
    with opened(path) as descriptor:
        return b"".join(_pieces(descriptor, offset, size))


def hash_at(path: Path, offset: int, size: int, pace: Pace | None = None) -> str:
    """Return the SHA-256 of a range of a file, truncated at the end of the file.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with opened(path) as descriptor:
        for piece in _pieces(descriptor, offset, size):
            digest.update(piece)
            if pace is not None:
                pace(len(piece))
    return digest.hexdigest()


def read_whole(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        OSError: the file cannot be read.
    """
    with opened(path) as descriptor:
        return b"".join(_pieces(descriptor, 0, os.fstat(descriptor).st_size))


def _pieces(descriptor: int, offset: int, size: int) -> Iterator[bytes]:
    end = offset + size
    while offset < end:
        piece = os.pread(descriptor, min(PIECE, end - offset), offset)
        if not piece:
            return
        yield piece
        offset += len(piece)
