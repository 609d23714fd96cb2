"""Records which plans are running, in memory that outlives the process, so that its supervisor sees them after a crash.

Supervisor and process share the memory.  A record costs a few microseconds per run, and only processes that start
after a crash without a known cause keep one.
"""

from __future__ import annotations

import mmap
import os
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, cast

from pretzel.data_plane.cache.layout import key_of
from pretzel.engine import Executable
from pretzel.plan.digest import Digest

THREADS, PLANS, KEY = 64, 8, 32
"""Recorded threads per process, recorded plans per thread, and the bytes of a plan's key."""
LINE = PLANS * KEY
PAGE = THREADS * LINE
"""Bytes of the record of one process."""


class FlightRecorder:
    """The records of all processes of a worker, as its supervisor reads them."""

    def __init__(self, processes: int) -> None:
        """Allocate the records of that many processes."""
        self._descriptor = os.memfd_create("flight", os.MFD_CLOEXEC)
        os.ftruncate(self._descriptor, processes * PAGE)
        self.path = f"/proc/{os.getpid()}/fd/{self._descriptor}"
        """Path under which a process opens it."""

    def running(self, slot: int) -> set[bytes]:
        """Return the keys of the plans that a process ran at its last write."""
        data = os.pread(self._descriptor, PAGE, slot * PAGE)
        keys = (data[at : at + KEY] for at in range(0, PAGE, KEY))
        return {key for key in keys if any(key)}

    def clear(self, slot: int) -> None:
        """Clear the record of a dead process."""
        os.pwrite(self._descriptor, bytes(PAGE), slot * PAGE)

    def close(self) -> None:
        """Release the memory."""
        os.close(self._descriptor)


class Flight:
    """The record of one process, as it writes it."""

    def __init__(self, path: str, slot: int) -> None:
        """Start with an empty page."""
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            self._page = mmap.mmap(descriptor, PAGE, offset=slot * PAGE)
        finally:
            os.close(descriptor)
        self._page[:] = bytes(PAGE)
        self._lines: dict[int, int] = {}

    @contextmanager
    def over(self, note: bytes) -> Iterator[None]:
        """Record ``note`` for this thread while the context is active."""
        line = self._lines.setdefault(threading.get_ident(), len(self._lines)) % THREADS
        at = line * LINE
        self._page[at : at + len(note)] = note
        try:
            yield
        finally:
            self._page[at : at + len(note)] = bytes(len(note))


class Watched:
    """An executable that records each of its runs."""

    def __init__(self, executable: Any, flight: Flight, plans: Collection[Digest]) -> None:
        self._executable, self._flight = executable, flight
        self._note = b"".join(map(key_of, plans))[:LINE]

    def run(self, *arguments: Any, **options: Any) -> Any:
        """Run the executable under a record."""
        with self._flight.over(self._note):
            return self._executable.run(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        """Delegate everything else to the executable."""
        return getattr(self._executable, name)


def watched(executable: Executable, flight: Flight | None, plans: Collection[Digest]) -> Executable:
    """Return an executable that records each of its runs, of these plans, if runs are recorded."""
    return cast(Executable, Watched(executable, flight, plans)) if flight else executable
