"""Locks a data directory for one process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TextIO

from pretzel.errors import PreconditionError


def own(directory: Path) -> TextIO:
    """Lock a directory for this process, until the returned file is closed or the process ends.

    Raises:
        PreconditionError: another process uses it, or it cannot be created or written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = open(directory / "lock", "a+")
    except OSError as error:
        raise PreconditionError(
            f"data directory {directory}: {error.strerror}; make it writable, or name another"
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        owner = file.read().strip() or "?"
        file.close()
        raise PreconditionError(f"data directory {directory}: in use by another control plane (pid {owner})") from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
