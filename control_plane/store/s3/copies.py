"""Copies of objects on the disk of this machine: bounded, checked when read, and mapped if large."""

from __future__ import annotations

import os
import tempfile
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pretzel.control_plane.store import files
from pretzel.control_plane.store.interface import Buffer
from pretzel.errors import PreconditionError
from pretzel.plan.digest import Digest
from pretzel.serving.durable import write_all


class Copies:
    """Files in one directory, of which those used least recently are removed.  One process owns it."""

    def __init__(self, directory: Path, most_bytes: int) -> None:
        """Open a directory, created if needed; partial copies are removed.

        Raises:
            PreconditionError: it cannot be created or read.
        """
        self.directory, self._most = directory, most_bytes
        self._incoming = directory / "incoming"
        self._sizes: OrderedDict[Digest, int] = OrderedDict()
        self._pinned: Counter[Digest] = Counter()
        self._lock = threading.Lock()
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            for partial in self._incoming.iterdir():
                files.remove(partial)
            self._find()
        except OSError as error:
            raise PreconditionError(
                f"copies of objects {directory}: {error.strerror}; make it writable, or name another data_dir"
            ) from None

    @property
    def held_bytes(self) -> int:
        """Bytes of all copies."""
        with self._lock:
            return sum(self._sizes.values())

    def path(self, digest: Digest) -> Path:
        return self.directory / files.name_of(digest)

    def read(self, digest: Digest) -> memoryview | None:
        """Return the bytes of a copy, checked now; None if there is none.  A damaged copy is removed."""
        with self._lock:
            if digest not in self._sizes:
                return None
            self._sizes.move_to_end(digest)
        try:
            if digest.size >= files.MAP_FROM and files.matches(self.path(digest), digest) is None:
                raise OSError("damaged")
            data = files.read_file(self.path(digest), digest.size)
            if data is None or (digest.size < files.MAP_FROM and Digest.of(data) != digest):
                raise OSError("damaged")
        except OSError:
            self.drop([digest])
            return None
        return data

    def begin(self, digest: Digest) -> tuple[int, Path]:
        """Create a file to be filled, and return its descriptor and path.

        Raises:
            OSError: the disk or the machine failed.
        """
        descriptor, name = tempfile.mkstemp(dir=self._incoming, prefix=digest.short)
        return descriptor, Path(name)

    def adopt(self, digest: Digest, filled: Path) -> None:
        """Make a filled file, whose bytes were checked, the copy of an object.

        Raises:
            OSError: the disk or the machine failed.
        """
        os.replace(filled, self.path(digest))
        with self._lock:
            self._sizes[digest] = digest.size
            self._sizes.move_to_end(digest)

    def add(self, digest: Digest, data: Buffer) -> None:
        """Keep checked bytes as a copy, if the disk takes them."""
        try:
            descriptor, filling = self.begin(digest)
        except OSError:
            return
        try:
            write_all(descriptor, data)
            self.adopt(digest, filling)
        except OSError:
            filling.unlink(missing_ok=True)
        finally:
            os.close(descriptor)

    def drop(self, digests: Iterable[Digest]) -> None:
        """Remove copies; bytes that are mapped stay valid."""
        for digest in digests:
            with self._lock:
                self._sizes.pop(digest, None)
            self.path(digest).unlink(missing_ok=True)

    def trim(self) -> None:
        """Remove the copies used least recently until the rest fits; pinned ones stay."""
        with self._lock:
            left, removed = sum(self._sizes.values()), []
            for digest, size in self._sizes.items():
                if left <= self._most:
                    break
                if not self._pinned[digest]:
                    left -= size
                    removed.append(digest)
        self.drop(removed)

    @contextmanager
    def pinned(self, digests: Iterable[Digest]) -> Iterator[None]:
        """Keep copies of some objects while the block runs."""
        held = list(digests)
        with self._lock:
            self._pinned.update(held)
        try:
            yield
        finally:
            with self._lock:
                self._pinned.subtract(held)
                self._pinned = +self._pinned
            self.trim()

    def _find(self) -> None:
        found = [(path.stat(), digest) for path in self.directory.iterdir() if (digest := files.parse_name(path.name))]
        for status, digest in sorted(found, key=lambda item: item[0].st_mtime_ns):
            if status.st_size == digest.size:
                self._sizes[digest] = digest.size
            else:
                self.path(digest).unlink()
        self.trim()
