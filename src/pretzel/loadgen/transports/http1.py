"""HTTP/1.1 with persistent connections, one call at a time on each."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from pretzel.errors import PretzelError
from pretzel.loadgen.calls import DEADLINE, LATE, UNAVAILABLE, Answered, Call, Failed, Request
from pretzel.loadgen.server import Server
from pretzel.loadgen.transports.answers import Answer, MalformedAnswer


class Http1Transport:
    """A pool of connections, which are opened as calls need them."""

    answered: Answered
    failed: Failed

    def __init__(self, server: Server, connections: int) -> None:
        self._server, self._most, self._count = server, connections, 0
        self._context: ssl.SSLContext | None = None
        self._idle: deque[Connection] = deque()
        self.busy: dict[Connection, Call] = {}
        self._opening: dict[asyncio.Task[None], Call] = {}
        self._requests: list[bytes] = []
        self._host = server.url.partition("://")[2]

    def prepare(self, requests: Sequence[Request]) -> None:
        """Prepare all bytes of the requests."""
        self._requests = [self._bytes(request) for request in requests]

    def _bytes(self, request: Request) -> bytes:
        head = f"POST {request.path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self._server.authorization)
        return f"{head}Content-Length: {len(request.body)}\r\n\r\n".encode() + request.body

    async def open(self) -> None:
        """Open one connection."""
        self._context = self._server.context("http/1.1")
        self._idle.append(await self._connection())

    async def _connection(self) -> Connection:
        self._count += 1
        try:
            connection: Connection = await self._server.connect(lambda: Connection(self), self._context)
        except BaseException:
            self._count -= 1
            raise
        return connection

    def room(self) -> int:
        """Return how many connections are idle or may be opened."""
        return len(self._idle) + self._most - self._count

    def send(self, calls: Sequence[Call]) -> None:
        """Send each call on an idle connection, or on a new one."""
        for call in calls:
            self._send(call)

    def _send(self, call: Call) -> None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                self._start(connection, call)
                return
        task = asyncio.get_running_loop().create_task(self._open_for(call))
        self._opening[task] = call
        task.add_done_callback(self._opening.pop)

    def _start(self, connection: Connection, call: Call) -> None:
        self.busy[connection] = call
        connection.send(self._requests[call[1]])

    async def _open_for(self, call: Call) -> None:
        try:
            connection = await self._connection()
        except PretzelError as error:
            self.failed(call, UNAVAILABLE, str(error), time.perf_counter())
        except asyncio.CancelledError:
            self.failed(call, DEADLINE, "no connection before the deadline", time.perf_counter())
        else:
            self._start(connection, call)

    def completed(self, connection: Connection, answer: Answer) -> None:
        """End the call of a connection, and keep the connection for the next."""
        call = self.busy.pop(connection, None)
        if call is None:
            connection.abort()
            return
        if answer.closes:
            connection.abort()
        else:
            self._idle.append(connection)
        if answer.status == 200:
            self.answered((call,), time.perf_counter())
        else:
            self.failed(call, f"HTTP {answer.status}", answer.beginning, time.perf_counter())

    def lost(self, connection: Connection, reason: str) -> None:
        """Fail the call of a connection that has ended."""
        self._count -= 1
        if connection in self._idle:
            self._idle.remove(connection)
        if (call := self.busy.pop(connection, None)) is not None:
            self.failed(call, UNAVAILABLE, reason, time.perf_counter())

    def expire(self, before: float) -> None:
        """Close the connections of late calls."""
        for connection, call in [pair for pair in self.busy.items() if pair[1][0] <= before]:
            del self.busy[connection]
            connection.abort()
            self.failed(call, DEADLINE, LATE, time.perf_counter())
        for task, call in self._opening.items():
            if call[0] <= before:
                task.cancel()

    async def close(self) -> None:
        """Close all connections."""
        for task in list(self._opening):
            task.cancel()
        for connection in [*self._idle, *self.busy]:
            connection.abort()


class Connection(asyncio.Protocol):
    """One connection."""

    def __init__(self, owner: Http1Transport) -> None:
        self._owner, self._answer = owner, Answer()
        self._transport: Any = None
        self._reason = "the connection was lost"
        self.is_open = True

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._transport.write(request)

    def abort(self) -> None:
        """Close at once."""
        self.is_open = False
        self._transport.abort()

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Read on in the answer."""
        try:
            complete = self._answer.feed(data)
        except MalformedAnswer as error:
            self._reason = str(error)
            self.abort()
            return
        if complete:
            answer, self._answer = self._answer, Answer()
            self._owner.completed(self, answer)

    def eof_received(self) -> bool:
        """End an answer that the end of the connection ends."""
        self.is_open = False
        if self._answer.ends_at_eof:
            self._owner.completed(self, self._answer)
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Report the end."""
        self.is_open = False
        self._owner.lost(self, self._reason)
