"""The native front: listens, holds the connections, and drains them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time

import structlog

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.transport.connection import Connection
from pretzel.data_plane.transport.limits import Limits
from pretzel.data_plane.transport.methods import Methods
from pretzel.data_plane.transport.polling import Poller
from pretzel.data_plane.transport.shedding import Shedding
from pretzel.errors import ExhaustedError

log = structlog.get_logger(__name__)

BACKLOG = 1024
TICK_SECONDS = 1.0
BREATH = 500
"""Connections looked at before the event loop runs other work."""
RETRY_SECONDS = 0.1
"""Delay that is suggested to a client whose message found no room."""
CLOSE_SECONDS = 1.0
"""Time in which clients take the last bytes."""


class NativeFront:
    """All listeners and connections of one process."""

    def __init__(
        self, methods: Methods, limits: Limits, poller: Poller | None = None, tally: Tally | None = None
    ) -> None:
        self.methods, self.limits, self.poller = methods, limits, poller or Poller(0)
        self.shedding = Shedding(methods, limits, tally or Tally())
        self.connections: set[Connection] = set()
        self.calls = 0
        """Open calls of all connections, as they were when each was flushed."""
        self._held = 0
        self.unsent = 0
        """Bytes of answers that their clients have not read."""
        self.draining = False
        """The process stops: connections that arrive now are drained from their start."""
        self._servers: list[asyncio.Server] = []
        self._watching: asyncio.Task[None] | None = None

    async def listen(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Accept connections of a bound socket."""
        loop = asyncio.get_running_loop()
        create = loop.create_unix_server if listener.family == socket.AF_UNIX else loop.create_server
        self._servers.append(await create(lambda: Connection(self), sock=listener, ssl=tls, backlog=BACKLOG))
        self.watch()

    def watch(self) -> None:
        """Look at the connections from now on."""
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        """Look at every connection once in a while."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.shedding.report(time.monotonic())
            for i, connection in enumerate(list(self.connections)):
                self._tick(connection)
                if i % BREATH == BREATH - 1:
                    await asyncio.sleep(0)

    def _tick(self, connection: Connection) -> None:
        try:
            connection.life.tick(time.monotonic())
        except Exception:  # the others must be watched all the same
            log.exception("a connection failed by a fault of the server", peer=connection.peer)
            connection.abort()

    @property
    def running(self) -> int:
        """Calls that have work to do before they end."""
        return sum(call.is_running for connection in self.connections for call in connection.calls.values())

    async def drain(self, seconds: float) -> None:
        """Stop listening, let running calls end for a while, then end the others and close."""
        self.draining = True
        for server in self._servers:
            server.close()
        for connection in list(self.connections):
            connection.life.start_drain(time.monotonic())
        await self._wait_for_calls(seconds)
        for connection in list(self.connections):
            connection.close()
        if self._watching is not None:
            self._watching.cancel()
        await self._wait_for_peers(CLOSE_SECONDS)

    async def _wait_for_calls(self, seconds: float) -> None:
        """Wait until no call runs and every client knows that it must go elsewhere."""
        try:
            async with asyncio.timeout(seconds):
                while any(connection.is_busy or not connection.life.is_drained for connection in self.connections):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pass

    async def _wait_for_peers(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while self.connections:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            for connection in list(self.connections):
                connection.abort()

    # Called by connections

    def admit(self, connection: Connection) -> bool:
        """Take a connection, unless there are too many."""
        if len(self.connections) >= self.limits.connections:
            return False
        self.connections.add(connection)
        return True

    def forget(self, connection: Connection) -> None:
        """Drop a closed connection."""
        self.connections.discard(connection)

    def hold(self, size: int) -> None:
        """Count bytes of incomplete and unread messages.

        Raises:
            ExhaustedError: all together exceed the limit.
        """
        self._held += size
        if size > 0 and self._held + self.unsent > self.limits.received_bytes:
            raise self._exhausted("this worker", self.limits.received_bytes)

    def carry(self, size: int) -> None:
        """Count bytes of a message that is being answered; there was room for it when it arrived."""
        self._held += size

    def reserve(self, size: int, own: int) -> None:
        """Check that an answer may wait for its client, whose connection has ``own`` bytes of unread ones.

        Raises:
            ExhaustedError: all together, or those of the connection, exceed the limit.
        """
        if own and own + size > self.limits.unread_bytes:
            raise self._exhausted("this connection", self.limits.unread_bytes)
        if self._held + self.unsent + size > self.limits.received_bytes:
            raise self._exhausted("this worker", self.limits.received_bytes)

    @property
    def is_crowded(self) -> bool:
        """Return whether the bytes of unread answers fill half of their limit."""
        return self.unsent > self.limits.received_bytes // 2

    def _exhausted(self, holder: str, most: int) -> ExhaustedError:
        error = ExhaustedError(
            f"{holder} holds {most} bytes of unfinished requests and unread answers; read the answers, and retry"
        )
        error.retry_after = RETRY_SECONDS
        return error
