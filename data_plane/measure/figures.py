"""Figures of all serving processes of a worker, in memory that they share.

Each row has one writer, so that no lock is needed.
"""

from __future__ import annotations

import mmap
import os
from typing import NamedTuple

import numpy as np

_WORD = 8


class Done(NamedTuple):
    """Work of one process since it started, and what waits now."""

    processor: float = 0.0
    """Seconds of processor time for clients, of all threads."""
    loop: float = 0.0
    """Those of the event loop."""
    python: float = 0.0
    """Seconds of calls of Python stages."""
    calls: float = 0.0
    """Calls that were answered, or failed."""
    errors: float = 0.0
    """Those that failed by the server."""
    queued: float = 0.0
    """Requests that wait for executors or run on them."""


class Figures:
    """The table of figures."""

    def __init__(self, processes: int, descriptor: int | None = None) -> None:
        """Map the table of a worker, which is zero at first; without a descriptor, only this process uses it."""
        self.processes = processes
        size = processes * len(Done._fields)
        self._map = None if descriptor is None else mmap.mmap(descriptor, size * _WORD)
        numbers = np.zeros(size) if self._map is None else np.frombuffer(self._map, np.float64)
        self._rows = numbers.reshape(processes, -1)

    def write(self, slot: int, done: Done) -> None:
        """Publish the figures of the process of a slot."""
        self._rows[slot] = done

    def read(self) -> list[list[float]]:
        """Return the figures of each process."""
        rows: list[list[float]] = self._rows.tolist()
        return rows


def memory_of(processes: int) -> int:
    """Return a descriptor of memory for the table of so many processes."""
    memory = os.memfd_create("figures", os.MFD_CLOEXEC)
    os.ftruncate(memory, processes * len(Done._fields) * _WORD)
    return memory
