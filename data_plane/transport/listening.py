"""The connections of a front: accepts them up to a limit, looks at them once a second, and closes them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import structlog

log = structlog.get_logger(__name__)

BACKLOG = 1024
TICK_SECONDS = 1.0
BREATH = 500
"""Connections looked at before the event loop runs other work."""
CLOSE_SECONDS = 1.0
"""Time in which clients take the last bytes."""
POLL_SECONDS = 0.01


class Held(Protocol):
    """A connection of a front."""

    def abort(self) -> None:
        """Close without a word."""


C = TypeVar("C", bound=Held)


class Listening(ABC, Generic[C]):
    """All listeners and connections of one front in one process."""

    def __init__(self, most: int) -> None:
        """Accept at most that many connections at a time."""
        self._most = most
        self.connections: set[C] = set()
        self._servers: list[asyncio.Server] = []
        self._watching: asyncio.Task[None] | None = None

    @abstractmethod
    def connection(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""

    def look(self, now: float) -> None:
        """Do what is due once a second, before the connections are looked at; by default nothing."""

    @abstractmethod
    def tick(self, connection: C, now: float) -> None:
        """Look at a connection, once a second."""

    async def listen(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Accept connections of a bound socket."""
        loop = asyncio.get_running_loop()
        create = loop.create_unix_server if listener.family == socket.AF_UNIX else loop.create_server
        self._servers.append(await create(self.connection, sock=listener, ssl=tls, backlog=BACKLOG))
        self.watch()

    def watch(self) -> None:
        """Look at the connections from now on."""
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())

    def admit(self, connection: C) -> bool:
        """Take a connection, unless there are too many."""
        if len(self.connections) >= self._most:
            return False
        self.connections.add(connection)
        return True

    def forget(self, connection: C) -> None:
        """Drop a closed connection."""
        self.connections.discard(connection)

    def stop_listening(self) -> None:
        """Accept no further connection."""
        for server in self._servers:
            server.close()

    async def wait_while(self, condition: Callable[[], object], seconds: float) -> None:
        """Wait until a condition no longer holds, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                while condition():
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            pass

    async def end(self) -> None:
        """Wait until closed connections have taken their last bytes, and end the others."""
        if self._watching is not None:
            self._watching.cancel()
        await self.wait_while(lambda: self.connections, CLOSE_SECONDS)
        for connection in list(self.connections):
            connection.abort()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.look(time.monotonic())
            for i, connection in enumerate(list(self.connections)):
                try:
                    self.tick(connection, time.monotonic())
                except Exception:  # the others must be watched all the same
                    log.exception("a connection failed by a fault of the server", peer=getattr(connection, "peer", ""))
                    connection.abort()
                if i % BREATH == BREATH - 1:
                    await asyncio.sleep(0)
