"""Locks a data directory for one process, and a store outside of it for one or for several that share it."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import TextIO

from pretzel.errors import PreconditionError

LOCK = "lock"
"""Name of the file that is locked."""
PATIENCE = 10.0
"""Seconds to wait until the first of several that share a directory has prepared it."""
_PAUSE = 0.05


def own(directory: Path, role: str = "data directory") -> TextIO:
    """Lock a directory for this process, until the returned file is closed or the process ends.

    Raises:
        PreconditionError: another process uses it, or it cannot be created or written.
    """
    file = _opened(directory, role)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        owner = file.read().strip() or "?"
        file.close()
        raise PreconditionError(f"{role} {directory}: in use by another control plane (pid {owner})") from None
    _sign(file)
    return file


def share(directory: Path, role: str) -> tuple[TextIO, bool]:
    """Lock a directory together with others that share it; return the lock, and whether no other has it now.

    The first one has the directory alone until it calls :func:`admit`.

    Raises:
        PreconditionError: another process has it alone for too long, or it cannot be created or written.
    """
    file, end = _opened(directory, role), time.monotonic() + PATIENCE
    while True:
        for kind in (fcntl.LOCK_EX, fcntl.LOCK_SH):
            try:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
            except OSError:
                continue
            if kind == fcntl.LOCK_EX:
                _sign(file)
            return file, kind == fcntl.LOCK_EX
        if time.monotonic() > end:
            file.seek(0)
            owner = file.read().strip() or "?"
            file.close()
            raise PreconditionError(f"{role} {directory}: pid {owner} has it alone; stop that process, and retry")
        time.sleep(_PAUSE)


def admit(file: TextIO) -> None:
    """Let others share a directory that the first one prepared."""
    fcntl.flock(file, fcntl.LOCK_SH)


def _opened(directory: Path, role: str) -> TextIO:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return open(directory / LOCK, "a+")
    except OSError as error:
        raise PreconditionError(f"{role} {directory}: {error.strerror}; make it writable, or name another") from None


def _sign(file: TextIO) -> None:
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
