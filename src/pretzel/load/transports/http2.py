"""gRPC over libnghttp2: a few connections, whose calls are sent and read in batches."""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING, Any

from pretzel.errors import PretzelError, UnavailableError
from pretzel.load.calls import DEADLINE, INTERNAL, OK, UNAVAILABLE, Call, Done, Request
from pretzel.load.server import Server
from pretzel.load.transports.statuses import OK_TRAILERS, Fields, http_status, status_of

try:
    import ngh2
except ImportError:
    ngh2 = None  # type: ignore[assignment]

if TYPE_CHECKING or ngh2 is not None:
    from ngh2 import (
        ConnectionClosed,
        DataReceived,
        GoAwayReceived,
        NGH2Error,
        ResponseReceived,
        SettingsReceived,
        StreamClosed,
        TrailersReceived,
    )

_CANCEL = 0x8
_PUSH, _MAX_STREAMS, _INITIAL_WINDOW = 0x2, 0x3, 0x4
_WINDOW = 1 << 28
"""Bytes that the server may send before they are read: the generator reads all of them at once."""
_AT_ONCE = 16
"""Calls that one connection gets in a row: fewer writes than by turns, and no connection waits for long."""
_RECONNECT_SECONDS = 0.1
_OK_HEADERS: Fields = ((b":status", b"200"), (b"content-type", b"application/grpc"))


def is_available() -> bool:
    """Return whether the package `ngh2` is installed."""
    return ngh2 is not None


class Prepared:
    """A request as the engine takes it."""

    __slots__ = ("body", "fields")

    def __init__(self, fields: Fields, message: bytes) -> None:
        self.fields, self.body = fields, b"\0" + len(message).to_bytes(4, "big") + message


class Http2Transport:
    """Several connections that take turns."""

    done: Done

    def __init__(self, server: Server, connections: int) -> None:
        self._server, self._count = server, connections
        self._context: ssl.SSLContext | None = None
        self._open: list[Connection] = []
        self._leaving: set[Connection] = set()
        self._place = self._sent = 0
        self.reading: Connection | None = None
        """The connection whose answers are being read; calls that follow them use it."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        timeout = f"{max(1, round(server.timeout * 1e3))}m" if server.timeout < 1e5 else f"{round(server.timeout)}S"
        self._common: Fields = (
            (b":method", b"POST"),
            (b":scheme", b"https" if server.target.secure else b"http"),
            (b":authority", server.authority.encode()),
            (b"content-type", b"application/grpc"),
            (b"te", b"trailers"),
            (b"grpc-timeout", timeout.encode()),
        )

    def prepare(self, request: Request) -> Prepared:
        """Return the fields and the framed message."""
        return Prepared((*self._common[:2], (b":path", request.path.encode()), *self._common[2:]), request.body)

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

    def has_room(self) -> bool:
        """Return whether a connection allows one more call; without any, calls fail at once."""
        return not self._open or any(connection.has_room() for connection in self._open)

    def send(self, call: Call) -> None:
        """Start a call on the connection whose turn it is."""
        connection = self._next()
        if connection is None or not connection.start(call):
            call.status, call.message = UNAVAILABLE, f"{self._server.address}: not connected"
            asyncio.get_running_loop().call_soon(lambda: self.done(call, time.perf_counter()))

    def _next(self) -> Connection | None:
        if self.reading is not None and self.reading.has_room():
            return self.reading
        if self._sent % _AT_ONCE == 0:
            self._place += 1
        self._sent += 1
        for _ in self._open:
            connection = self._open[self._place % len(self._open)]
            if connection.has_room():
                return connection
            self._place += 1
        return self._open[self._place % len(self._open)] if self._open else None  # the engine queues it

    def flush(self) -> None:
        """Write what is queued, and give the next calls to another connection."""
        self._sent = 0
        for connection in self._open:
            if connection.is_dirty:
                connection.write()

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


class Connection(asyncio.Protocol):
    """One connection."""

    def __init__(self, owner: Http2Transport) -> None:
        self._owner, self._transport = owner, None
        options = ngh2.Configuration(max_inbound_header_list_size=1 << 20, glitch_rate_limit=(1 << 40, 1 << 40))
        self._engine = ngh2.Connection(ngh2.Role.CLIENT, options)
        self._calls: dict[int, Call] = {}
        self._most = 100
        self._closed = self._leaves = False
        self.is_dirty = False
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def has_room(self) -> bool:
        """Return whether the server allows one more call."""
        return len(self._calls) < self._most and not self._leaves

    def start(self, call: Call) -> bool:
        """Queue a call; False if the connection cannot take it."""
        prepared = call.request
        try:
            stream = self._engine.send_request(prepared.fields)
            self._engine.send_data(stream, prepared.body, end_stream=True)
        except NGH2Error:
            self._leave()
            return False
        self._calls[stream] = call
        self.is_dirty = True
        return True

    def expire(self, before: float) -> None:
        """End calls that were due before a time; the first were due first."""
        late = []
        for stream, call in self._calls.items():
            if call.due > before:
                break
            late.append(stream)
        now = time.perf_counter()
        for stream in late:
            call = self._calls.pop(stream)
            call.status, call.message = DEADLINE, "no answer before the deadline"
            self._reset(stream)
            self._owner.done(call, now)
        self.write()

    def _reset(self, stream: int) -> None:
        try:
            self._engine.reset_stream(stream, _CANCEL)
        except NGH2Error:  # it has ended meanwhile
            return
        self.is_dirty = True

    def write(self) -> None:
        """Give the queued bytes to the socket."""
        self.is_dirty = False
        if not self._closed and self._transport is not None:
            try:
                output = self._engine.data_to_send()
            except NGH2Error:
                self.abort()
                return
            if output:
                self._transport.write(output)

    def abort(self) -> None:
        """Close; calls without an answer fail."""
        if self._transport is not None:
            self._transport.abort()

    # Events of the socket

    def connection_made(self, transport: Any) -> None:
        """Send the first SETTINGS."""
        self._transport = transport
        self._engine.initiate_connection({_PUSH: 0, _INITIAL_WINDOW: _WINDOW})
        self._engine.set_local_window_size(_WINDOW)
        self.write()

    def data_received(self, data: bytes) -> None:
        """End the calls whose answers are complete, and send those that follow."""
        self._owner.reading = self
        try:
            self._engine.receive_data(data)
            self._react(self._engine.events())
        except NGH2Error:
            self.abort()
        finally:
            self._owner.reading = None
        self.write()
        self._owner.flush()
        if self._leaves and not self._calls:
            self.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """Fail the calls without an answer."""
        self._closed = True
        if not self.greeted.done():
            self.greeted.set_exception(UnavailableError("closed"))
        self._leave()
        self._owner.gone(self)
        now, calls = time.perf_counter(), list(self._calls.values())
        self._calls.clear()
        for call in calls:
            call.status, call.message = UNAVAILABLE, "the connection was lost"
            self._owner.done(call, now)

    # Events of the engine

    def _react(self, events: list[Any]) -> None:
        now, calls = time.perf_counter(), self._calls
        for event in events:
            kind = type(event)
            if kind is DataReceived:
                if (call := calls.get(event.stream_id)) is not None:
                    call.body += len(event.data)
            elif kind is TrailersReceived:
                self._on_fields(event)
            elif kind is StreamClosed:
                if (call := calls.pop(event.stream_id, None)) is not None:
                    self._end(call, event.error_code, now)
            elif kind is ResponseReceived:
                if event.headers != _OK_HEADERS:
                    self._on_fields(event)
            else:
                self._on_other(event)

    def _on_fields(self, event: Any) -> None:
        """Read the status, from the trailers or from the only fields."""
        call = self._calls.get(event.stream_id)
        if call is None or call.status:
            return
        if event.headers == OK_TRAILERS:
            call.status = OK
        elif type(event) is TrailersReceived or event.end_stream:
            call.status, call.message = status_of(event.headers)
        else:
            call.status = http_status(event.headers)

    def _end(self, call: Call, code: int, now: float) -> None:
        if not call.status:
            call.status, call.message = UNAVAILABLE, f"the server reset the stream with code {code}"
        elif call.status == OK and not call.body:
            call.status, call.message = INTERNAL, "OK without a message"
        self._owner.done(call, now)

    def _on_other(self, event: Any) -> None:
        kind = type(event)
        if kind is SettingsReceived:
            self._most = event.settings.get(_MAX_STREAMS, self._most if self.greeted.done() else 1 << 31)
            if not self.greeted.done():
                self.greeted.set_result(None)
        elif kind is GoAwayReceived:
            self._leave()
        elif kind is ConnectionClosed:
            self.abort()

    def _leave(self) -> None:
        """Take no more calls."""
        self._leaves = True
        self._owner.leave(self)
