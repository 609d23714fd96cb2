"""The HTTP front: listens, holds the connections, and drains them."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from pretzel.data_plane.rest.http.connection import Connection
from pretzel.data_plane.rest.http.limits import Limits
from pretzel.data_plane.rest.http.messages import Request, Response
from pretzel.data_plane.rest.http.reading import Rejection
from pretzel.data_plane.transport.delay import Delay

log = structlog.get_logger(__name__)

BACKLOG = 1024
TICK_SECONDS = 1.0
BREATH = 500
"""Connections looked at before the event loop runs other work."""
CLOSE_SECONDS = 1.0
"""Time in which clients take the last bytes."""


class Application(Protocol):
    """The part that answers the requests."""

    draining: bool
    """The process stops."""

    def answer(self, request: Request) -> Response | Awaitable[Response]:
        """Return the response, or an awaitable of it; neither raises."""

    def count(self, status: int) -> None:
        """Count a request that could not be read."""


class HttpFront:
    """All listeners and connections of one process."""

    def __init__(self, application: Application, limits: Limits, delay: Delay | None = None) -> None:
        self._application, self.limits = application, limits
        self.answer = application.answer
        self.delay = delay or Delay()
        self.connections: set[Connection] = set()
        self.held = 0
        """Bytes of bodies that are not answered."""
        self._servers: list[asyncio.Server] = []
        self._watching: asyncio.Task[None] | None = None

    @property
    def draining(self) -> bool:
        """Return whether the process stops: every answer is the last of its connection."""
        return self._application.draining

    @property
    def running(self) -> int:
        """Connections with work to do."""
        return sum(connection.is_busy for connection in self.connections)

    def connection(self, closed: Callable[[], None] = lambda: None) -> Connection:
        """Return the protocol of a new connection; ``closed`` is called at its end."""
        return Connection(self, closed)

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

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            for i, connection in enumerate(list(self.connections)):
                try:
                    connection.tick(time.monotonic())
                except Exception:  # the others must be watched all the same
                    log.exception("a connection failed by a fault of the server")
                    connection.abort()
                if i % BREATH == BREATH - 1:
                    await asyncio.sleep(0)

    async def drain(self, seconds: float) -> None:
        """Stop listening, let running requests end for a while, then close."""
        self._application.draining = True
        for server in self._servers:
            server.close()
        for connection in list(self.connections):
            connection.close_idle()
        await self._wait(seconds, lambda: self.running)
        for connection in list(self.connections):
            connection.transport.close()
        if self._watching is not None:
            self._watching.cancel()
        await self._wait(CLOSE_SECONDS, lambda: self.connections)
        for connection in list(self.connections):
            connection.abort()

    async def _wait(self, seconds: float, condition: Callable[[], object]) -> None:
        try:
            async with asyncio.timeout(seconds):
                while condition():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pass

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
        """Count bytes of a body.

        Raises:
            Rejection: all together exceed the limit.
        """
        self.held += size
        if size > 0 and self.held > self.limits.held_bytes:
            raise Rejection(
                503, f"this worker holds {self.limits.held_bytes} bytes of unanswered requests; retry later"
            )

    def hold_less(self, size: int) -> None:
        """Count bytes of a body that is answered."""
        self.held -= size

    def refusal(self, status: int, message: str) -> Response:
        """Return the last response of a connection whose request is not read."""
        self._application.count(status)
        retry = (("retry-after", "1"),) if status == 503 else ()
        response = Response(status, json.dumps({"error": message}).encode(), headers=retry)
        response.is_last = True
        return response
