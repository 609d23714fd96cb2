"""Files of objects: how they are read, hashed, recognised and set aside, and what an error of the disk means."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pretzel.errors import DefinitionError, ExhaustedError, UnavailableError
from pretzel.kernels.mapping import Mapping
from pretzel.plan.digest import Digest
from pretzel.serving.durable import OUT_OF_SPACE

MAP_FROM = 64 * 1024
"""Objects of this many bytes are mapped; smaller ones are read, since a map takes a place in a bounded table."""
PIECE = 1 << 20
"""Bytes that are hashed at a time."""
FOR_NOW = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR})
"""Error numbers of the machine: they say nothing of the file that was to be read."""
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe in an object's place must not block the reader

Signature = tuple[int, ...]
"""What changes of a file when its bytes are written through the file system."""


def name_of(digest: Digest) -> str:
    """Return the name of an object's file."""
    # With the size in the name, a digest that lies about it names another file and cannot make a good one look torn.
    return f"{digest.hex}-{digest.size}"


def parse_name(name: str) -> Digest | None:
    """Return the digest that a file in a shard is named by, or None for another file."""
    try:
        return Digest.parse("sha256:" + name.replace("-", "/", 1))
    except DefinitionError:
        return None


def signature(path: Path) -> Signature | None:
    """Return the signature of a regular file, or None where there is none, be it a directory or a loop of links."""
    try:
        return _signature(path.stat())
    except OSError as error:
        if error.errno in FOR_NOW:
            raise UnavailableError(f"{path}: {error.strerror}; try again in a moment") from None
        return None


def matches(path: Path, digest: Digest, *, from_disk: bool = False) -> Signature | None:
    """Read a file whole; return its signature where its bytes are those of the digest, and None where they are not.

    The file is read and not mapped: an I/O error is then an error and no signal.  ``from_disk`` has the system forget
    what it keeps of the file in memory first, except what someone maps.

    Raises:
        FileNotFoundError: there is no such file.
        UnavailableError: the machine is short of descriptors or memory.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        _check_readable(path, error)
        return None
    try:
        before = _signature(os.fstat(descriptor))
        if from_disk:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        whole = before is not None and before[0] == digest.size and hash_of(descriptor) == digest.hex
        return before if whole and _signature(os.fstat(descriptor)) == before else None
    except OSError as error:
        _check_readable(path, error)
        return None
    finally:
        os.close(descriptor)


def hash_of(descriptor: int) -> str:
    """Return the SHA-256 of what the disk holds of an open file."""
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    found, offset = hashlib.sha256(), 0
    while piece := os.pread(descriptor, PIECE, offset):
        found.update(piece)
        offset += len(piece)
    return found.hexdigest()


def read_file(path: Path, size: int) -> memoryview | None:
    """Return the bytes of a file, large ones mapped; None when there are more or fewer than ``size``.

    Raises:
        FileNotFoundError: there is no such file.
    """
    data = memoryview(Mapping(path)) if size >= MAP_FROM else memoryview(path.read_bytes())
    return data if len(data) == size else None


def remove(path: Path) -> bool:
    """Remove whatever stands at a path, and say whether anything did."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except (IsADirectoryError, PermissionError):
        if not path.is_dir():
            raise
        shutil.rmtree(path)
    return True


def set_aside(path: Path, target: Path) -> None:
    """Move whatever stands at a path out of the way, if anything does; what was moved there before goes then."""
    try:
        os.replace(path, target)
    except FileNotFoundError:
        return
    except OSError:  # a directory takes the place of a file, or a file that of a directory
        remove(target)
        os.replace(path, target)


@contextmanager
def writing(digest: Digest) -> Iterator[None]:
    """Say in the words of a status what the disk says while an object is written.

    Raises:
        ExhaustedError: the disk, a quota or a limit has no room.
        UnavailableError: the disk or the machine failed otherwise.
    """
    try:
        yield
    except OSError as error:
        if error.errno in OUT_OF_SPACE:
            raise ExhaustedError(
                f"object {digest}: no space for its {digest.size} bytes ({error.strerror}); "
                "free some and upload it again"
            ) from None
        raise UnavailableError(
            f"object {digest}: it cannot be written now ({error.strerror}); upload it again, and look at the disk and "
            "the limits of the control plane if that fails too"
        ) from None


def _signature(status: os.stat_result) -> Signature | None:
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_size, status.st_ino, status.st_dev, status.st_mtime_ns, status.st_ctime_ns


def _check_readable(path: Path, error: OSError) -> None:
    """Tell a file that is not there, and a machine that is short, from a file that cannot be read."""
    if error.errno == errno.ENOENT:
        raise error
    if error.errno in FOR_NOW:
        raise UnavailableError(f"{path}: {error.strerror}; try again in a moment") from None
