"""HTTP/1.1 with persistent connections, one call at a time on each."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from typing import Any

from pretzel.errors import PretzelError
from pretzel.load.calls import DEADLINE, OK, UNAVAILABLE, Call, Done, Request
from pretzel.load.server import Server
from pretzel.load.transports.answers import Answer, MalformedAnswer


class Http1Transport:
    """A pool of connections, which are opened as calls need them."""

    done: Done

    def __init__(self, server: Server, connections: int) -> None:
        self._server, self._most, self._count = server, connections, 0
        self._context: ssl.SSLContext | None = None
        self._idle: deque[Connection] = deque()
        self.busy: dict[Connection, Call] = {}
        self._opening: dict[asyncio.Task[None], Call] = {}
        self._host = server.url.partition("://")[2]

    def prepare(self, request: Request) -> Any:
        """Return all bytes of a request."""
        head = f"POST {request.path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
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

    def has_room(self) -> bool:
        """Return whether a connection is idle, or one more may be opened."""
        return bool(self._idle) or self._count < self._most

    def send(self, call: Call) -> None:
        """Send a call on an idle connection, or on a new one."""
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
        connection.send(call.request)

    async def _open_for(self, call: Call) -> None:
        try:
            connection = await self._connection()
        except PretzelError as error:
            self._fail(call, UNAVAILABLE, str(error))
        except asyncio.CancelledError:
            self._fail(call, DEADLINE, "no connection before the deadline")
        else:
            self._start(connection, call)

    def answered(self, connection: Connection, answer: Answer) -> None:
        """End the call of a connection, and keep the connection for the next."""
        call = self.busy.pop(connection, None)
        if call is None:
            connection.abort()
            return
        if answer.closes:
            connection.abort()
        else:
            self._idle.append(connection)
        call.status = OK if answer.status == 200 else f"HTTP {answer.status}"
        call.body, call.message = answer.size, "" if answer.status == 200 else answer.beginning
        self.done(call, time.perf_counter())

    def lost(self, connection: Connection, reason: str) -> None:
        """Fail the call of a connection that has ended."""
        self._count -= 1
        if connection in self._idle:
            self._idle.remove(connection)
        if (call := self.busy.pop(connection, None)) is not None:
            self._fail(call, UNAVAILABLE, reason)

    def _fail(self, call: Call, status: str, message: str) -> None:
        call.status, call.message = status, message
        self.done(call, time.perf_counter())

    def flush(self) -> None:
        """Do nothing: each call is written at once."""

    def expire(self, before: float) -> None:
        """Close the connections of late calls."""
        for connection, call in [pair for pair in self.busy.items() if pair[1].due <= before]:
            del self.busy[connection]
            connection.abort()
            self._fail(call, DEADLINE, "no answer before the deadline")
        for task, call in self._opening.items():
            if call.due <= before:
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
            self._owner.answered(self, answer)

    def eof_received(self) -> bool:
        """End an answer that the end of the connection ends."""
        self.is_open = False
        if self._answer.ends_at_eof:
            self._owner.answered(self, self._answer)
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Report the end."""
        self.is_open = False
        self._owner.lost(self, self._reason)
