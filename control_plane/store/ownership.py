"""Locks a data directory, or a store outside of it, for one process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TextIO

from pretzel.errors import PreconditionError

LOCK = "lock"
"""Name of the file that is locked."""


def own(directory: Path, role: str = "data directory") -> TextIO:
    """Lock a directory for this process, until the returned file is closed or the process ends.

    Raises:
        PreconditionError: another process uses it, or it cannot be created or written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = open(directory / LOCK, "a+")
    except OSError as error:
        raise PreconditionError(f"{role} {directory}: {error.strerror}; make it writable, or name another") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        owner = file.read().strip() or "?"
        file.close()
        raise PreconditionError(f"{role} {directory}: in use by another control plane (pid {owner})") from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
