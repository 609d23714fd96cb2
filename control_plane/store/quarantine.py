"""Quarantine of a store: damaged objects, moved out of their places and restored if only the disk had failed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from pretzel.control_plane.store import files
from pretzel.control_plane.store.files import name_of
from pretzel.plan.digest import Digest


class Quarantine:
    """A directory of damaged objects.

    Every move happens under :attr:`lock`.  A holder of it finds an intact object in its place, not on the way to
    quarantine or back.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.lock = threading.RLock()

    def holds(self, digest: Digest) -> bool:
        return os.path.lexists(self._aside(digest))

    def take(self, digest: Digest, path: Path) -> bool:
        """Move a damaged object here; return False, and leave it in its place, if it is intact by now.

        Raises:
            OSError: the file cannot be moved.
        """
        with self.lock:
            if _is_intact(path, digest):
                return False
            files.set_aside(path, self._aside(digest))
            if not _is_intact(self._aside(digest), digest):
                return True
            # A writer replaced the damaged file just before the move.
            os.replace(self._aside(digest), path)
            return False

    def restore(self, digest: Digest, path: Path) -> None:
        """Move an object back to its place if its bytes on disk are intact.

        Raises:
            OSError: the file cannot be moved.
            UnavailableError: the machine is short of descriptors or memory.
        """
        with self.lock:
            if not os.path.lexists(path) and _is_intact(self._aside(digest), digest, from_disk=True):
                os.replace(self._aside(digest), path)

    def forget(self, digest: Digest) -> None:
        """Remove a damaged object."""
        with self.lock:
            files.remove(self._aside(digest))

    def take_directory(self, path: Path) -> None:
        """Move a directory in the place of an object here."""
        with self.lock:
            files.set_aside(path, self.directory / path.name)

    def _aside(self, digest: Digest) -> Path:
        return self.directory / name_of(digest)


def _is_intact(path: Path, digest: Digest, *, from_disk: bool = False) -> bool:
    try:
        return files.matches(path, digest, from_disk=from_disk) is not None
    except FileNotFoundError:
        return False
