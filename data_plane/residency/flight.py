"""Notes which plans run, where the note outlives the process: so that its supervisor knows what ran when it died.

The notes lie in memory that supervisor and process share.  They cost a few microseconds a run, and are kept only by
processes that are started after one died without a cause that could be found.
"""

from __future__ import annotations

import mmap
import os
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from pretzel.data_plane.cache.layout import key_of
from pretzel.plan.digest import Digest

THREADS, PLANS, KEY = 64, 8, 32
"""How many threads of a process are noted, how many plans of what one of them runs, and the bytes of each."""
LINE = PLANS * KEY
PAGE = THREADS * LINE
"""Bytes of the notes of one process."""


class FlightRecorder:
    """The notes of all processes of a worker, as its supervisor reads them."""

    def __init__(self, processes: int) -> None:
        """Make room for the notes of that many processes."""
        self._descriptor = os.memfd_create("flight", os.MFD_CLOEXEC)
        os.ftruncate(self._descriptor, processes * PAGE)
        self.path = f"/proc/{os.getpid()}/fd/{self._descriptor}"
        """Where a process opens it."""

    def running(self, slot: int) -> set[bytes]:
        """Return the keys of the plans that a process ran when it wrote last."""
        data = os.pread(self._descriptor, PAGE, slot * PAGE)
        keys = (data[at : at + KEY] for at in range(0, PAGE, KEY))
        return {key for key in keys if any(key)}

    def clear(self, slot: int) -> None:
        """Forget the notes of a process that is gone."""
        os.pwrite(self._descriptor, bytes(PAGE), slot * PAGE)

    def close(self) -> None:
        """Give the memory back."""
        os.close(self._descriptor)


class Flight:
    """The notes of one process, as it writes them."""

    def __init__(self, path: str, slot: int) -> None:
        """Begin with an empty page."""
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            self._page = mmap.mmap(descriptor, PAGE, offset=slot * PAGE)
        finally:
            os.close(descriptor)
        self._page[:] = bytes(PAGE)
        self._lines: dict[int, int] = {}

    @contextmanager
    def over(self, note: bytes) -> Iterator[None]:
        """Note that this thread runs something, for as long as it does."""
        line = self._lines.setdefault(threading.get_ident(), len(self._lines)) % THREADS
        at = line * LINE
        self._page[at : at + len(note)] = note
        try:
            yield
        finally:
            self._page[at : at + len(note)] = bytes(len(note))


class Watched:
    """An executable each run of which is noted."""

    def __init__(self, executable: Any, flight: Flight, plans: Collection[Digest]) -> None:
        self._executable, self._flight = executable, flight
        self._note = b"".join(map(key_of, plans))[:LINE]

    def run(self, *arguments: Any, **options: Any) -> Any:
        """Run it as it is."""
        with self._flight.over(self._note):
            return self._executable.run(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        """Be the executable in everything else."""
        return getattr(self._executable, name)
