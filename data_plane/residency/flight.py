"""Records which plans are running, in memory that outlives the process, so that its supervisor sees them after a crash.

Supervisor and process share the memory.  Programs record their runs themselves, which takes nanoseconds; the process
records the plan that it loads.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pretzel.data_plane.cache.layout import key_of
from pretzel.kernels.noted import record_runs
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
        """Start with an empty page: the first line is for loads, the others for threads that run programs."""
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            self._page = mmap.mmap(descriptor, PAGE, offset=slot * PAGE)
        finally:
            os.close(descriptor)
        self._page[:] = bytes(PAGE)
        record_runs(memoryview(self._page)[LINE:], LINE)

    @contextmanager
    def loading(self, plans: Iterable[Digest]) -> Iterator[None]:
        """Record plans while the context is active, on the only thread that loads."""
        note = note_of(plans)
        self._page[: len(note)] = note
        try:
            yield
        finally:
            self._page[: len(note)] = bytes(len(note))


def note_of(plans: Iterable[Digest]) -> bytes:
    """Return what a run of these plans records: the keys of the first."""
    return b"".join(map(key_of, plans))[:LINE]
