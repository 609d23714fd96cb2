"""Accepts connections, and hands those that a less loaded serving process should have to it.

The kernel chooses a process by a hash of the addresses, and of 8 connections two processes can get 2 and 6.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

import structlog

from pretzel.data_plane.supervise.loads import CLOSED, Loads
from pretzel.data_plane.supervise.spread import MESSAGE
from pretzel.serving.log_limit import REFUSED

log = structlog.get_logger(__name__)

AT_ONCE = 64
"""Connections that are accepted before other work runs."""
PAUSE_SECONDS = 1.0
"""Time without accepting after a shortage of descriptors or memory."""
HANG_SECONDS = 2.0
"""Time after which a connection is taken back from a process that did not receive it."""
Factory = Callable[[], asyncio.Protocol]


class Acceptor:
    """Accepts for one of several serving processes.  All of them listen on the same addresses in the same order."""

    def __init__(self, fields: dict[str, Any], slot: int) -> None:
        """Use the descriptors that the supervisor made for a slot."""
        self._slot = slot
        self._loads = Loads(fields["memory"], len(fields["send"]))
        self._receiving, self._sending = ([socket.socket(fileno=end) for end in fields[e]] for e in ("receive", "send"))
        for end in (*self._receiving, *self._sending):
            end.setblocking(False)
        self._listeners: list[tuple[socket.socket, ssl.SSLContext | None, Factory | None]] = []
        self._starting: set[asyncio.Task[None]] = set()
        self._make: Factory | None = None
        self._watched: set[int] = set()

    def serve(self, listener: socket.socket, tls: ssl.SSLContext | None, make: Factory | None = None) -> None:
        """Take the connections of a listener once :meth:`start` is called; ``make`` creates another protocol there."""
        listener.setblocking(False)
        self._listeners.append((listener, tls, make))

    def start(self, make: Factory) -> None:
        """Accept, and let ``make`` create the protocol of each connection."""
        self._make, loop, slot = make, asyncio.get_running_loop(), self._slot
        self._loads.open[slot] = 0
        loop.add_reader(self._receiving[slot], self._receive)
        for number in range(len(self._listeners)):
            self._resume(number)

    def surplus(self) -> int:
        """Return the connections of this process beyond an equal share."""
        return self._loads.surplus(self._slot) if self._loads.open[self._slot] < CLOSED // 2 else 0

    def closed(self) -> None:
        """Count a connection that has ended."""
        self._loads.open[self._slot] -= 1

    def stop(self) -> None:
        """Accept no further connections; those that the others hand over meanwhile are still taken."""
        self._loads.open[self._slot] = CLOSED
        loop = asyncio.get_running_loop()
        for listener, *_ in self._listeners:
            loop.remove_reader(listener)
            listener.close()

    def _resume(self, number: int) -> None:
        listener = self._listeners[number][0]
        if listener.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listener, self._accept, number)

    def _accept(self, number: int) -> None:
        listener = self._listeners[number][0]
        for _ in range(AT_ONCE):
            try:
                accepted, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # it stays readable: without a pause, this would be called again and again
                REFUSED.write(log.error, "no connection can be accepted now", error=str(error))
                loop = asyncio.get_running_loop()
                loop.remove_reader(listener)
                loop.call_later(PAUSE_SECONDS, self._resume, number)
                return
            if not self._hand_over(accepted, number):
                self._take(accepted, number)

    def _hand_over(self, accepted: socket.socket, number: int) -> bool:
        """Hand a connection to the least loaded process, if that is not this one."""
        least = self._loads.least(self._slot)
        if least is None:
            return False
        message = bytes((number, self._slot))
        try:
            socket.send_fds(self._sending[least], [message], [accepted.fileno()])
        except OSError:  # its queue is full
            return False
        self._loads.handed[self._slot, least] += 1
        accepted.close()
        self._recover_later(least)
        return True

    def _receive(self) -> None:
        """Take the connections that the others handed over."""
        while (sender := self._take_next(self._slot)) is not None:
            self._loads.received[self._slot, sender] += 1

    def _recover_later(self, slot: int) -> None:
        if slot in self._watched:  # one timer for each process
            return
        self._watched.add(slot)
        received = int(self._loads.received[slot].sum())
        asyncio.get_running_loop().call_later(HANG_SECONDS, self._recover, slot, received)

    def _recover(self, slot: int, received: int) -> None:
        """Take back what a process did not receive, if it has received nothing since this sum: it hangs."""
        self._watched.discard(slot)
        if self._loads.open[self._slot] >= CLOSED // 2 or self._loads.underway()[slot] <= 0:
            return
        if self._loads.received[slot].sum() != received:
            self._recover_later(slot)
            return
        while self._take_next(slot) is not None:
            self._loads.recovered[self._slot, slot] += 1

    def _take_next(self, slot: int) -> int | None:
        """Take the next connection that waits for a process, and return who handed it over; None if none waits."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self._receiving[slot], MESSAGE, 1)
        except (BlockingIOError, InterruptedError):
            return None
        number, sender = message
        for descriptor in descriptors:  # none, if this process has no room for another
            self._take(socket.socket(fileno=descriptor), number)
        return int(sender)

    def _take(self, accepted: socket.socket, number: int) -> None:
        self._loads.open[self._slot] += 1
        task = asyncio.get_running_loop().create_task(self._begin(accepted, number))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _begin(self, accepted: socket.socket, number: int) -> None:
        _, tls, own = self._listeners[number]
        make = own or self._make
        assert make is not None
        accepted.setblocking(False)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(make, accepted, ssl=tls)
        except OSError as error:  # the handshake of TLS failed, or the peer is gone
            log.debug("a connection ended before its first call", error=str(error))
            accepted.close()
            self.closed()
