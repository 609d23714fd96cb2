"""Files of objects: names, reading, hashing, quarantine, and the errors of the disk."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pretzel.errors import DefinitionError, ExhaustedError, InputError, UnavailableError
from pretzel.kernels.mapping import Mapping
from pretzel.plan.digest import Digest
from pretzel.serving.durable import OUT_OF_SPACE

MAP_FROM = 64 * 1024
"""Size in bytes from which objects are mapped; smaller ones are read, since the number of maps is bounded."""
PIECE = 1 << 20
"""Bytes hashed at a time."""
FOR_NOW = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR})
"""Errors of the machine, which do not mean that the file is damaged."""
_ATTEMPTS = 5  # reads of a file that is replaced while it is read
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe in an object's place must not block the reader

Signature = tuple[int, ...]
"""Attributes of a file that change when its bytes are written through the file system."""


def path_of(url: str) -> Path:
    """Return the directory that a ``file:`` URL or a bare path names.

    Raises:
        InputError: the URL names another host, or no path.
    """
    parts = urlsplit(url)
    path = unquote(parts.path) if parts.scheme == "file" else url
    if not path or (
        parts.scheme == "file" and (parts.netloc not in ("", "localhost") or parts.query or parts.fragment)
    ):
        raise InputError(f"store {url!r:.200}: expected a directory of this machine, such as file:///var/lib/objects")
    return Path(path)


def name_of(digest: Digest) -> str:
    """Return the name of an object's file."""
    # With the size in the name, a digest with a wrong size names another file and cannot make an intact one look torn.
    return f"{digest.hex}-{digest.size}"


def parse_name(name: str) -> Digest | None:
    """Return the digest that names a file in a shard; None for another file."""
    try:
        return Digest.parse("sha256:" + name.replace("-", "/", 1))
    except DefinitionError:
        return None


def signature(path: Path) -> Signature | None:
    """Return the signature of a regular file; None for anything else, e.g. a directory or a loop of links."""
    try:
        return _signature(path.stat())
    except OSError as error:
        if error.errno in FOR_NOW:
            raise UnavailableError(f"{path}: {error.strerror}; retry in a moment") from None
        return None


def matches(path: Path, digest: Digest, *, from_disk: bool = False) -> Signature | None:
    """Read a whole file; return its signature if its bytes match the digest, else None.

    The file is read and not mapped, so that an I/O error raises instead of a signal.  ``from_disk`` first drops the
    pages of the file from the page cache, except those that are mapped.  A file that is replaced while it is read is
    read again: it is not damaged.

    Raises:
        FileNotFoundError: the file does not exist.
        UnavailableError: the machine is short of descriptors or memory.
    """
    for _ in range(_ATTEMPTS):
        try:
            descriptor = os.open(path, _FLAGS)
        except OSError as error:
            _check_readable(path, error)
            return None
        try:
            before, whole = _hashed(descriptor, digest, from_disk)
            if not whole or _signature(os.fstat(descriptor)) == before:
                return before if whole else None
        except OSError as error:
            _check_readable(path, error)
            return None
        finally:
            os.close(descriptor)
    return None


def _hashed(descriptor: int, digest: Digest, from_disk: bool) -> tuple[Signature | None, bool]:
    """Return the signature of an open file before it is read, and whether its bytes match the digest."""
    before = _signature(os.fstat(descriptor))
    if from_disk:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    return before, before is not None and before[0] == digest.size and hash_of(descriptor) == digest.hex


def hash_of(descriptor: int) -> str:
    """Return the SHA-256 of the bytes of an open file."""
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    digest, offset = hashlib.sha256(), 0
    while piece := os.pread(descriptor, PIECE, offset):
        digest.update(piece)
        offset += len(piece)
    return digest.hexdigest()


def read_file(path: Path, size: int) -> memoryview | None:
    """Return the bytes of a file, a large one mapped; None if its size is not ``size``.

    Raises:
        FileNotFoundError: the file does not exist.
    """
    data = memoryview(Mapping(path)) if size >= MAP_FROM else memoryview(path.read_bytes())
    return data if len(data) == size else None


def remove(path: Path) -> bool:
    """Remove any file or directory, and return whether it existed."""
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
    """Move any file or directory at a path to ``target``, if it exists, and replace what was there."""
    try:
        os.replace(path, target)
    except FileNotFoundError:
        return
    except OSError:  # a directory takes the place of a file, or a file that of a directory
        remove(target)
        os.replace(path, target)


@contextmanager
def writing(digest: Digest) -> Iterator[None]:
    """Convert errors of the disk while an object is written.

    Raises:
        ExhaustedError: the disk, a quota or a limit is exhausted.
        UnavailableError: the disk or the machine failed in another way.
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
            f"object {digest}: it cannot be written now ({error.strerror}); upload it again, and check the disk and "
            "the limits of the control plane if that fails too"
        ) from None


def _signature(status: os.stat_result) -> Signature | None:
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_size, status.st_ino, status.st_dev, status.st_mtime_ns, status.st_ctime_ns


def _check_readable(path: Path, error: OSError) -> None:
    """Raise for a missing file and for a shortage of the machine; return for an unreadable file."""
    if error.errno == errno.ENOENT:
        raise error
    if error.errno in FOR_NOW:
        raise UnavailableError(f"{path}: {error.strerror}; retry in a moment") from None
