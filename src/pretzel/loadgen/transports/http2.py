"""gRPC over libnghttp2: a few connections, each of which sends and reads many calls at once."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence

from pretzel.errors import PretzelError, UnavailableError
from pretzel.loadgen.calls import UNAVAILABLE, UNLIMITED, Answered, Call, Failed, Request
from pretzel.loadgen.server import Server
from pretzel.loadgen.transports.connection import Connection, Prepared
from pretzel.loadgen.transports.statuses import Fields

_AT_ONCE = 16
"""Calls that one connection gets in a row: fewer writes than by turns, and no connection waits for long."""
_RECONNECT_SECONDS = 0.1
_MOST_MILLISECONDS = 99_999_999
"""The longest timeout that a header can have in this unit."""


class Http2Transport:
    """Several connections that take turns."""

    answered: Answered
    failed: Failed

    def __init__(self, server: Server, connections: int) -> None:
        self._server, self._count = server, connections
        self._context: ssl.SSLContext | None = None
        self._open: list[Connection] = []
        self._leaving: set[Connection] = set()
        self._place = 0
        self.requests: list[Prepared] = []
        self.reading: Connection | None = None
        """The connection whose answers are being read: calls that follow them use it, and it is written after them."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def prepare(self, requests: Sequence[Request]) -> None:
        """Prepare the fields and the framed messages."""
        fields = {path: self._fields(path) for path in {request.path for request in requests}}
        self.requests = [
            (fields[request.path], b"\0" + len(request.body).to_bytes(4, "big") + request.body) for request in requests
        ]

    def _fields(self, path: str) -> Fields:
        milliseconds = min(max(1, round(self._server.timeout * 1e3)), _MOST_MILLISECONDS)
        return (
            (b":method", b"POST"),
            (b":scheme", b"https" if self._server.target.secure else b"http"),
            (b":path", path.encode()),
            (b":authority", self._server.authority.encode()),
            (b"content-type", b"application/grpc"),
            (b"te", b"trailers"),
            (b"grpc-timeout", f"{milliseconds}m".encode()),
            *((name.encode(), value.encode()) for name, value in self._server.authorization),
        )

    async def open(self) -> None:
        """Open all connections, and wait for the server's SETTINGS."""
        self._context = self._server.context("h2")
        await asyncio.gather(*(self._add() for _ in range(self._count)))

    async def _add(self) -> None:
        connection: Connection = await self._server.connect(lambda: Connection(self), self._context)
        try:
            async with asyncio.timeout(self._server.timeout):
                await connection.greeted
        except (TimeoutError, PretzelError):
            connection.abort()
            address = self._server.address
            raise UnavailableError(f"{address}: does not speak gRPC; check the address and --protocol") from None
        self._open.append(connection)

    def room(self) -> int:
        """Return how many streams the server allows; without a connection, calls fail at once."""
        return sum(connection.room() for connection in self._open) if self._open else UNLIMITED

    def send(self, calls: Sequence[Call]) -> None:
        """Start calls on the connections whose turn it is, and write them."""
        first = 0
        while first < len(calls):
            connection = self._next()
            if connection is None:
                self._refuse(calls[first:])
                return
            first += connection.start(calls[first : first + _AT_ONCE])
            if connection is not self.reading:
                connection.write()

    def _next(self) -> Connection | None:
        """Return a connection with room if there is one, else any, or None."""
        if self.reading is not None and self.reading.room() > 0:
            return self.reading
        for _ in self._open:
            self._place = (self._place + 1) % len(self._open)
            if self._open[self._place].room() > 0:
                return self._open[self._place]
        return self._open[0] if self._open else None

    def _refuse(self, calls: Sequence[Call]) -> None:
        def fail() -> None:
            now = time.perf_counter()
            for call in calls:
                self.failed(call, UNAVAILABLE, f"{self._server.address}: not connected", now)

        asyncio.get_running_loop().call_soon(fail)

    def expire(self, before: float) -> None:
        """Reset the streams of late calls."""
        for connection in [*self._open, *self._leaving]:
            connection.expire(before)

    def gone(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self.leave(connection)
        self._leaving.discard(connection)

    def leave(self, connection: Connection) -> None:
        """Replace a connection that takes no more calls."""
        if connection in self._open:
            self._open.remove(connection)
            self._leaving.add(connection)
            if not self._closing:
                task = asyncio.get_running_loop().create_task(self._replace())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _replace(self) -> None:
        while not self._closing:
            try:
                return await self._add()
            except PretzelError:
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def close(self) -> None:
        """Close all connections."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        for connection in [*self._open, *self._leaving]:
            connection.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
