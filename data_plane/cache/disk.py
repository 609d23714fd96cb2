"""Reads what the disk holds of an object, without mapping it: a file that shrinks or fails ends in an error.

A read through a map would end the process instead, by SIGBUS.
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
"""Bytes read at once: little enough that a bounded rate is smooth."""
TRANSIENT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR})
"""Error numbers that say that this process or machine lacks something now, and nothing of the file."""
RESERVE = 1 << 20
"""Bytes that files of large objects leave free: for small objects, for indexes and for the catalog."""
Pace = Callable[[int], None]
"""Told of every number of bytes read; waits where that was too fast."""


Stamp = tuple[int, int, int]
"""Inode, size and time of the last change of a file."""


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a regular file to read; neither follow a link nor wait for the other end of a FIFO.

    Raises:
        OSError: there is no such file, it cannot be opened, or it is not a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        yield descriptor
    finally:
        os.close(descriptor)


def stamp_of(path: Path | int) -> Stamp | None:
    """Return what changes when a file is written, cut short or replaced, or None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def free_bytes(path: Path) -> int:
    """Return how many bytes the disk has room for."""
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize


def read_at(path: Path, offset: int, size: int) -> bytes:
    """Return a range of a file, short where the file ends in it.

    Raises:
        OSError: the file cannot be read.
    """
    with opened(path) as descriptor:
        return b"".join(_pieces(descriptor, offset, size))


def hash_at(path: Path, offset: int, size: int, pace: Pace | None = None) -> str:
    """Return the SHA-256 of a range of a file, of what there is of it where the file ends in it.

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
    """Return all of a file.

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
