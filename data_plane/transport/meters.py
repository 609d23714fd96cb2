"""The meters of all identities with limits, in memory that the processes of a worker share.

The memory is a table.  Its rows are found by a hash of the name, for processes read the file of identities at
different times; a row stays with its name.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
from collections import Counter

import numpy as np

from pretzel.data_plane.transport.meter import HEAD, Meter
from pretzel.serving.identity.limits import Limits

ROWS = 4096
"""Identities whose use the processes share; each counts for itself the use of further ones."""
_WORD, _LINE = 8, 8


def memory_of(processes: int) -> int:
    """Return a descriptor of memory for the table of so many processes."""
    memory = os.memfd_create("meters", os.MFD_CLOEXEC)
    os.ftruncate(memory, ROWS * _words(processes) * _WORD)  # pages that are never written take no memory
    return memory


def path_of(descriptor: int) -> str:
    """Return the path under which a process of the same user opens a descriptor of this one."""
    return f"/proc/{os.getpid()}/fd/{descriptor}"


def _words(processes: int) -> int:
    """Return the words of a row, whole lines of a processor's cache: a name's hash, and its use."""
    return -(-(1 + HEAD + processes) // _LINE) * _LINE


class Meters:
    """The meters of one process.  For one event loop."""

    def __init__(self, processes: int = 1, slot: int = 0, path: str = "", refused: Counter[str] | None = None) -> None:
        """Map the table at ``path``, or use one of this process alone; ``refused`` counts refusals by limit.

        The calls of an earlier process of this slot have ended.
        """
        self._processes, self._slot, self._path = processes, slot, path
        self._words = _words(processes)
        self._table: np.ndarray | None = None
        self.refused = Counter[str]() if refused is None else refused
        self._known: dict[str, Meter] = {}
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC) if path else -1
        if path:
            self._table = np.frombuffer(mmap.mmap(self._descriptor, 0), np.int64).reshape(ROWS, self._words)
            named = np.flatnonzero(self._table[:, 0])
            self._table[named, 1 + HEAD + slot] = 0

    def of(self, name: str, limits: Limits, contact: str) -> Meter | None:
        """Return the meter of an identity, which keeps these limits from now on; None without limits."""
        known, given = self._known.get(name), limits.of_calls
        if known is not None:
            if dict(known.limits) != given:
                known.change(given, contact)
            return known if given else None
        if not given:
            return None
        meter = self._known[name] = Meter(name, given, self._row(name), self._slot, self.refused, contact)
        return meter

    def _row(self, name: str) -> np.ndarray:
        """Return the words of an identity; those of this process alone if the table is full."""
        alone = np.zeros(HEAD + self._processes, np.int64)
        if self._table is None:
            return alone
        key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little", signed=True) or 1
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX)  # only when a name is new; ends with a process that is killed
        try:
            for step in range(ROWS):
                row: np.ndarray = self._table[(key + step) % ROWS]
                if row[0] in (0, key):
                    row[0] = key
                    found: np.ndarray = row[1 : 1 + HEAD + self._processes]
                    return found
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN)
        return alone
