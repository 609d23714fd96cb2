"""Numbers of connections of all serving processes of a worker, in memory that they share.

Each number has one writer, so that no lock is needed: a process counts its open connections, those that it handed to
each other process, those that it received from each, and those that it took back from each.
"""

from __future__ import annotations

import mmap

import numpy as np

CLOSED = 1 << 40
"""Load of a process that takes no connections: it is starting, stopping or dead."""
_WORD = 8
Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]


class Loads:
    """The table of loads."""

    def __init__(self, descriptor: int, processes: int) -> None:
        """Map the table; its memory is zero at first."""
        self._map = mmap.mmap(descriptor, self.size(processes))
        numbers = np.frombuffer(self._map, np.int64)
        self.open = numbers[:processes]
        """Open connections of each process."""
        self.handed, self.received, self.recovered = numbers[processes:].reshape(3, processes, processes)
        """Connections handed by the first process to the second, received by the first from the second, and taken back
        by the first because the second did not receive them."""

    @staticmethod
    def size(processes: int) -> int:
        """Return the bytes of a table."""
        return (processes + 3 * processes * processes) * _WORD

    def now(self) -> Numbers:
        """Return the load of each process: its connections, and those on their way to it."""
        return self.open + self.underway()

    def underway(self) -> Numbers:
        """Return the number of connections on their way to each process."""
        numbers: Numbers = self.handed.sum(axis=0) - self.received.sum(axis=1) - self.recovered.sum(axis=0)
        return numbers

    def drop_underway(self, slot: int) -> None:
        """Count no connection on its way to a dead process."""
        self.received[slot, slot] += self.underway()[slot]

    def least(self, slot: int) -> int | None:
        """Return a process with fewer connections than that of a slot, the one with the fewest; None if none has."""
        loads = self.now()
        least = int(np.argmin(loads))
        return least if loads[least] < loads[slot] else None

    def surplus(self, slot: int) -> int:
        """Return the connections of a process beyond an equal share; 0 if it has none."""
        loads = self.now()
        taking = loads[loads < CLOSED // 2]
        return max(int(loads[slot]) + int(-taking.sum() // len(taking)), 0) if len(taking) else 0

    def close(self) -> None:
        """Release the memory."""
        del self.open, self.handed, self.received, self.recovered
        self._map.close()
