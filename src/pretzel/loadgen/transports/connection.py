"""One connection of gRPC: bytes of the socket to libnghttp2, its events to the ends of calls.

Only this file of the room knows the package `ngh2`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pretzel.errors import UnavailableError
from pretzel.loadgen.calls import DEADLINE, INTERNAL, LATE, UNAVAILABLE, UNLIMITED, Call
from pretzel.loadgen.transports.statuses import OK_TRAILERS, Fields, http_status, status_of

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

if TYPE_CHECKING:
    from pretzel.loadgen.transports.http2 import Http2Transport

_CANCEL = 0x8
_PUSH, _MAX_STREAMS, _INITIAL_WINDOW = 0x2, 0x3, 0x4
_WINDOW = 1 << 28
"""Bytes that the server may send before they are read: the generator reads all of them at once."""
_OK_HEADERS: Fields = ((b":status", b"200"), (b"content-type", b"application/grpc"))
Prepared = tuple[Fields, bytes]
"""The header fields and the framed message of a request."""


def is_available() -> bool:
    """Return whether the package `ngh2` is installed."""
    return ngh2 is not None


class Connection(asyncio.Protocol):
    """One connection, whose calls are the open streams."""

    def __init__(self, owner: Http2Transport) -> None:
        self._owner = owner
        self._transport: Any = None
        options = ngh2.Configuration(max_inbound_header_list_size=1 << 20, glitch_rate_limit=(1 << 40, 1 << 40))
        self._engine = ngh2.Connection(ngh2.Role.CLIENT, options)
        self._calls: dict[int, Call] = {}
        self._messages: set[int] = set()
        """Streams that had a byte of a message."""
        self._failures: dict[int, tuple[str, str]] = {}
        """Statuses other than OK of streams that have not ended."""
        self._most = 100
        self._closed = self._leaves = False
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def room(self) -> int:
        """Return how many more calls the server allows."""
        return 0 if self._leaves else self._most - len(self._calls)

    def start(self, calls: Sequence[Call]) -> int:
        """Queue calls, and return how many: the others do not fit on this connection."""
        engine, streams, requests = self._engine, self._calls, self._owner.requests
        count = 0
        try:
            for call in calls:
                fields, body = requests[call[1]]
                stream = engine.send_request(fields)
                engine.send_data(stream, body, end_stream=True)
                streams[stream] = call
                count += 1
        except NGH2Error:  # its stream numbers have run out, or it is closing
            self._leave()
        return count

    def expire(self, before: float) -> None:
        """End calls that were due before a time; the first were due first."""
        late = []
        for stream, call in self._calls.items():
            if call[0] > before:
                break
            late.append(stream)
        now = time.perf_counter()
        for stream in late:
            self._reset(stream)
            self._forget(stream)
            self._owner.failed(self._calls.pop(stream), DEADLINE, LATE, now)
        if late:
            self.write()

    def _reset(self, stream: int) -> None:
        try:
            self._engine.reset_stream(stream, _CANCEL)
        except NGH2Error:  # it has ended meanwhile
            return

    def write(self) -> None:
        """Give the queued bytes to the socket."""
        if self._closed:
            return
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
        """Report the calls whose answers are complete, and send those that follow."""
        self._owner.reading = self
        try:
            self._engine.receive_data(data)
            self._react(self._engine.events())
        except NGH2Error:
            self.abort()
        finally:
            self._owner.reading = None
        self.write()
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
            self._owner.failed(call, UNAVAILABLE, "the connection was lost", now)

    # Events of the engine

    def _react(self, events: Sequence[Any]) -> None:
        """Read events; nearly all are the four of a successful call, which come in this order."""
        now, calls, messages, answered = time.perf_counter(), self._calls, self._messages, []
        for event in events:
            kind = type(event)
            if kind is ResponseReceived:
                if event.headers != _OK_HEADERS:
                    self._on_fields(event)
            elif kind is DataReceived:
                messages.add(event.stream_id)
            elif kind is TrailersReceived:
                if event.headers != OK_TRAILERS:
                    self._on_fields(event)
            elif kind is StreamClosed:
                stream = event.stream_id
                call = calls.pop(stream, None)
                if call is None:
                    self._forget(stream)
                elif event.error_code or stream in self._failures or stream not in messages:
                    self._fail(stream, call, event.error_code, now)
                else:
                    messages.remove(stream)
                    answered.append(call)
            else:
                self._on_other(event)
        if answered:
            self._owner.answered(answered, now)

    def _on_fields(self, event: Any) -> None:
        """Read a status, from the trailers or from the only fields."""
        if type(event) is TrailersReceived or event.end_stream:
            status, message = status_of(event.headers)
        else:
            status, message = http_status(event.headers), ""
        if status not in ("", "OK"):
            self._failures.setdefault(event.stream_id, (status, message))

    def _fail(self, stream: int, call: Call, code: int, now: float) -> None:
        found = self._failures.get(stream)
        if found is None and code:
            found = UNAVAILABLE, f"the server reset the stream with code {code}"
        status, message = found or (INTERNAL, "OK without a message")
        self._forget(stream)
        self._owner.failed(call, status, message, now)

    def _forget(self, stream: int) -> None:
        self._messages.discard(stream)
        self._failures.pop(stream, None)

    def _on_other(self, event: Any) -> None:
        kind = type(event)
        if kind is SettingsReceived:
            self._most = event.settings.get(_MAX_STREAMS, self._most if self.greeted.done() else UNLIMITED)
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
