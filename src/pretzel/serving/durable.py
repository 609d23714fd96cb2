"""Writes files so that a crash or a full disk leaves them whole or absent, for both planes.

A file is written under a temporary name, flushed to the disk, renamed to its place, and the directory is flushed.
Every function raises :class:`OSError` if the disk stores less than it was given; none returns a short count.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

Buffer = bytes | bytearray | memoryview

OUT_OF_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors that mean that the disk, a quota or a limit is exhausted."""


def write_all(descriptor: int, data: Buffer) -> None:
    """Write all bytes at the position of a descriptor.

    Raises:
        OSError: not all bytes could be written; some may have been.
    """
    rest = memoryview(data).cast("B")
    while rest:
        rest = rest[_progress(os.write(descriptor, rest)) :]


def pwrite_all(descriptor: int, data: Buffer, offset: int) -> None:
    """Write all bytes at an offset.

    Raises:
        OSError: not all bytes could be written; some may have been.
    """
    rest = memoryview(data).cast("B")
    while rest:
        written = _progress(os.pwrite(descriptor, rest, offset))
        rest, offset = rest[written:], offset + written


def replace_file(path: Path, data: Buffer, *, mode: int = 0o444, sync: bool = True) -> None:
    """Replace a file atomically: readers see all of the old one or all of the new one.

    Args:
        path: the file, replaced if it exists.
        data: the whole content.
        mode: permissions of the file.
        sync: flush the file and its directory to the disk, so that a power failure keeps one of the two.

    Raises:
        OSError: the file could not be written completely; the old one is unchanged.
    """
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        try:
            write_all(descriptor, data)
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        publish_file(temporary, path, sync=sync)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def publish_file(temporary: Path, target: Path, *, sync: bool = True) -> None:
    """Move a finished file to its place, and with ``sync`` make its name durable.

    Raises:
        OSError: the file could not be moved, or its directory not flushed; after the latter it may be in place.
    """
    os.replace(temporary, target)
    if sync:
        sync_directory(target.parent)


def sync_directory(directory: Path) -> None:
    """Flush the names in a directory to the disk.

    Raises:
        OSError: the directory cannot be opened or flushed.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _progress(written: int) -> int:
    """Return the count of a write; reject 0, which would be repeated endlessly."""
    if written <= 0:
        raise OSError(errno.ENOSPC, "the disk stored no byte")
    return written
