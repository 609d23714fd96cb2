"""Ownership of a catalog: the programs that use it, and those that must have it alone."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import IO

from pretzel.errors import PreconditionError

MOST_CHARACTERS = 63
"""Characters of the description of an owner; PostgreSQL shows no more."""
SUFFIX = ".owner"
"""Suffix of the name of the file that is locked for a catalog in a file."""


class Ownership(ABC):
    """The use of a catalog by this process, until it is closed or the process ends."""

    @abstractmethod
    def wait(self, seconds: float) -> set[str]:
        """Wait until another process announces something, at most so long; return what was announced.

        Raises:
            UnavailableError: the ownership was lost.
        """

    @abstractmethod
    def close(self) -> None:
        """End it."""


class FileOwnership(Ownership):
    """The use of a catalog in a file, which one process has at a time."""

    def __init__(self, catalog: Path) -> None:
        """Lock the file next to a catalog.

        Raises:
            PreconditionError: another process uses the catalog, or the directory cannot be written.
        """
        path = catalog.with_name(catalog.name + SUFFIX)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = open(path, "a+")
        except OSError as error:
            raise PreconditionError(f"catalog {catalog}: {error.strerror}; make its directory writable") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            owner = self._file.read().strip()
            self._file.close()
            raise in_use(str(catalog), [owner]) from None
        self._file.truncate(0)
        self._file.write(f"{this_process()}\n")
        self._file.flush()

    def wait(self, seconds: float) -> set[str]:
        """Return nothing: no other process writes to the catalog."""
        return set()

    def close(self) -> None:
        """Let others have the catalog."""
        self._file.close()


def this_process() -> str:
    """Return the description of this process in the messages of others."""
    program = Path(sys.argv[0] or "python").name
    program = "pretzel" if program in ("__main__.py", "-c", "") else program
    text = f"{program}, pid {os.getpid()} on {socket.gethostname()}"
    return text.encode("ascii", "replace").decode()[:MOST_CHARACTERS]


def in_use(catalog: str, owners: list[str]) -> PreconditionError:
    """Return the error about a catalog that others use."""
    named = "; ".join(owner for owner in owners if owner)
    by = f" by {named}" if named else " by another process"
    return PreconditionError(f"catalog {catalog}: in use{by}; stop what uses it, and retry")
