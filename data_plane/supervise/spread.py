"""Sockets and memory by which the serving processes of a worker share out connections."""

from __future__ import annotations

import os
import socket
from typing import Any

from pretzel.data_plane.supervise.loads import CLOSED, Loads

MESSAGE = 16
"""Bytes of the longest message that carries a connection."""


class Spread:
    """A socket for each serving process, on which the others hand it connections, and the table of their loads."""

    def __init__(self, processes: int) -> None:
        self._memory = os.memfd_create("loads", os.MFD_CLOEXEC)
        os.ftruncate(self._memory, Loads.size(processes))
        # Packets, so that each carries one connection; of this kind, because datagrams wait in a queue of ten.
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(processes)]
        self._receiving, self._sending = ([pair[end] for pair in pairs] for end in (0, 1))
        for end in (*self._receiving, *self._sending):
            end.setblocking(False)  # also for the processes: it is a property of what their descriptors share
        self._loads = Loads(self._memory, processes)
        for slot in range(processes):
            self._loads.open[slot] = CLOSED

    def fields(self, slot: int) -> dict[str, Any]:
        """Return the descriptors for the process of a slot."""
        return {
            "memory": self._memory,
            "receive": [end.fileno() for end in self._receiving],
            "send": [end.fileno() for end in self._sending],
        }

    def died(self, slot: int) -> None:
        """Close the connections that a dead process did not take; the next process starts without any."""
        self._loads.open[slot] = CLOSED
        while True:
            try:
                _, descriptors, _, _ = socket.recv_fds(self._receiving[slot], MESSAGE, 1)
            except BlockingIOError:
                break
            for descriptor in descriptors:
                os.close(descriptor)
        self._loads.drop_underway(slot)

    def close(self) -> None:
        """Release everything."""
        for end in (*self._receiving, *self._sending):
            end.close()
        self._loads.close()
        os.close(self._memory)
