"""One connection: bytes of the socket to the HTTP/2 engine, its events to calls, and their responses back."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc

from pretzel.data_plane.transport import http2
from pretzel.data_plane.transport.call import Call
from pretzel.data_plane.transport.handlers import STOPPING
from pretzel.data_plane.transport.head import ENCODINGS, Head, Rejection, read_head
from pretzel.data_plane.transport.life import Life
from pretzel.data_plane.transport.methods import Method
from pretzel.data_plane.transport.peer import authentication, name_of
from pretzel.data_plane.transport.status import OK_TRAILERS, Header, Metadata, metadata_fields, status_fields

if TYPE_CHECKING:
    from pretzel.data_plane.transport.front import NativeFront

CHUNK = 256 << 10
"""Most bytes handed to the socket at a time; a slow reader leaves the rest with the engine."""
IGNORED = 1 << 20
"""Bytes that are dropped after the end of a call before its stream is reset: they were sent before the status came."""
UNKNOWN_METHOD = "Method not found!"
_RESPONSE: tuple[Header, ...] = ((b":status", b"200"), (b"content-type", b"application/grpc"))
_ACCEPTED: Header = (b"grpc-accept-encoding", b", ".join(ENCODINGS))
_GZIP: Header = (b"grpc-encoding", b"gzip")


class Connection(asyncio.Protocol):
    """The protocol of one connection, for `loop.create_server`."""

    def __init__(self, front: NativeFront) -> None:
        self.front, self.limits = front, front.limits
        self.calls: dict[int, Call] = {}
        self.peer = ""
        self.auth_context: dict[str, list[bytes]] = {}
        self.engine = http2.new_connection(front.limits)
        self.transport: Any = None
        self.closing = False
        self.greeted = False
        """The peer has sent its SETTINGS."""
        self.heard = time.monotonic()
        """Time of the last received byte."""
        self.life = Life(self, self.heard)
        self._waiting: list[Call] = []
        self._ignored: dict[int, int] = {}
        self._last_fields: tuple[Header, ...] = ()
        self._last_head: Head
        self._last_method: Method
        self._deferred: deque[tuple[Call, bytes]] = deque()
        self._receiving = self._paused = self._scheduled = False

    # Events of the socket

    def connection_made(self, transport: Any) -> None:
        """Send the first SETTINGS, or close a connection beyond the limit."""
        self.transport = transport
        if not self.front.admit(self):
            transport.abort()
            return
        self.peer, self.auth_context = name_of(transport), authentication(transport)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Process received bytes."""
        self.heard = time.monotonic()
        self._receiving = True
        try:
            self.engine.receive_data(data)
            self._react(self.engine.events())
        except http2.NGH2Error:
            self._fail()
            return
        finally:
            self._receiving = False
        for call in self._waiting:
            call.start_timer()  # only now: most calls were answered above
        self._waiting.clear()
        self._flush()

    def eof_received(self) -> bool:
        """Close: a peer that sends no more cannot acknowledge what it gets."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Stop the work of all calls."""
        self.closing = True
        self.front.forget(self)
        for call in self.calls.values():
            call.abandon()
        self.calls.clear()

    def pause_writing(self) -> None:
        """Leave further output with the engine."""
        self._paused = True

    def resume_writing(self) -> None:
        """Hand output to the socket again."""
        self._paused = False
        self._flush()

    # Events of the engine

    def _react(self, events: list[Any]) -> None:
        for event in events:
            kind = type(event)
            if kind is http2.DataReceived:
                self._on_data(event.stream_id, event.data, event.end_stream)
            elif kind is http2.RequestReceived:
                self._on_request(event.stream_id, event.headers, event.end_stream)
            elif kind is http2.StreamClosed:
                self._on_closed(event.stream_id)
            elif kind is http2.TrailersReceived:
                self._on_data(event.stream_id, b"", True)
            elif kind is http2.PingAcknowledged:
                self.life.on_pong(event.opaque_data)
            elif kind is http2.SettingsReceived:
                self.greeted = True
            elif kind is http2.ConnectionClosed:
                self.closing = True

    def _on_request(self, stream_id: int, fields: tuple[Header, ...], end: bool) -> None:
        if fields != self._last_fields:  # clients repeat the fields of their calls
            try:
                self._last_head, self._last_method = self._read(fields)
            except Rejection as rejection:
                self._reject(stream_id, rejection)
                return
            self._last_fields = fields
        call = self.calls[stream_id] = Call(self, stream_id, self._last_head, self._last_method)
        if call.deadline:
            self._waiting.append(call)
        if end:
            self._on_data(stream_id, b"", True)

    def _read(self, fields: tuple[Header, ...]) -> tuple[Head, Method]:
        head = read_head(fields, self.limits.header_bytes)
        method = self.front.methods.find(head.path)
        if method is None:
            raise Rejection(grpc.StatusCode.UNIMPLEMENTED, UNKNOWN_METHOD)
        return head, method

    def _on_data(self, stream_id: int, data: bytes, end: bool) -> None:
        call = self.calls.get(stream_id)
        if call is None or call.finished:
            self._ignore(stream_id, len(data))
            return
        try:
            call.receive(data, end=end)
        except Rejection as rejection:
            call.finish(rejection.code, str(rejection))

    def _ignore(self, stream_id: int, size: int) -> None:
        """Drop data of a call that has ended, and reset the stream if its sender does not stop."""
        self.acknowledge(stream_id, size)
        self._ignored[stream_id] = ignored = self._ignored.get(stream_id, 0) + size
        if ignored > IGNORED:
            self.reset(stream_id, http2.NO_ERROR)

    def _on_closed(self, stream_id: int) -> None:
        self._ignored.pop(stream_id, None)
        call = self.calls.pop(stream_id, None)
        if call is not None:
            call.abandon()

    def _reject(self, stream_id: int, rejection: Rejection) -> None:
        """Answer a stream that does not become a call."""
        kind = (*_RESPONSE, _ACCEPTED) if rejection.http == b"200" else ((b":status", rejection.http),)
        self.engine.send_response(stream_id, (*kind, *status_fields(rejection.code, str(rejection))), end_stream=True)

    # Operations of calls

    def acknowledge(self, stream_id: int, size: int) -> None:
        """Allow the peer to send as many bytes again."""
        if size:
            try:
                self.engine.acknowledge_received_data(size, stream_id)
            except (http2.NGH2Error, ValueError):  # the stream is gone, and what it held was acknowledged by that
                return
            self._flush_soon()

    def respond(self, call: Call, message: bytes) -> None:
        """Send the whole response of a unary call: headers, one framed message, and the status OK."""
        engine, stream_id = self.engine, call.stream_id
        engine.send_response(stream_id, (*_RESPONSE, _GZIP) if call.gzip else _RESPONSE)
        engine.send_data(stream_id, message)
        engine.send_trailers(stream_id, OK_TRAILERS)
        self._flush_soon()

    def send_headers(self, call: Call) -> None:
        """Send the headers of a response, once."""
        if not call.headers_sent:
            call.headers_sent = True
            coding = (_ACCEPTED, _GZIP) if call.gzip else (_ACCEPTED,)
            fields = (*_RESPONSE, *coding, *metadata_fields(call.initial_metadata))
            self.engine.send_response(call.stream_id, fields)
            self._flush_soon()

    def send_message(self, call: Call, message: bytes) -> None:
        """Send a framed message."""
        self.send_headers(call)
        self.engine.send_data(call.stream_id, message)
        self._flush_soon()

    def send_status(self, call: Call, code: grpc.StatusCode, message: str, metadata: Metadata) -> None:
        """Send the last fields of a call; without an earlier message they are its only ones."""
        fields = OK_TRAILERS if code is grpc.StatusCode.OK and not metadata else status_fields(code, message, metadata)
        if call.headers_sent:
            self.engine.send_trailers(call.stream_id, fields)
        else:
            head = (*_RESPONSE, _ACCEPTED, *metadata_fields(call.initial_metadata))
            self.engine.send_response(call.stream_id, (*head, *fields), end_stream=True)
        self._flush_soon()

    def unsent(self, stream_id: int | None = None) -> int:
        """Return the bytes of responses that the engine still holds, of one stream or of all."""
        return self.engine.queued_body_size(stream_id)

    @property
    def is_full(self) -> bool:
        """Return whether the peer must read responses before more of them are computed."""
        return self.engine.queued_body_size() > self.limits.output_bytes

    def defer(self, call: Call, message: bytes) -> None:
        """Answer a call later: its peer does not read, and reading on is needed to learn when it does."""
        self._deferred.append((call, message))
        self._waiting.append(call)

    # Output

    def _flush_soon(self) -> None:
        """Flush once, after the present event is processed."""
        if not (self._receiving or self._scheduled):
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        try:
            while not (self._paused or self.transport.is_closing()):
                output = self.engine.data_to_send(CHUNK)
                if output:
                    self.transport.write(output)
                if len(output) < CHUNK // 2:
                    break
            self._react(self.engine.events())
        except http2.NGH2Error:
            self._fail()
            return
        for call in self.calls.values():
            call.on_sent()
        self._answer_deferred()
        if self.closing:
            self.transport.close()

    def _answer_deferred(self) -> None:
        """Go on with calls that waited for the peer to read."""
        while self._deferred and not self.is_full:
            call, message = self._deferred.popleft()
            if not call.finished:
                call.answer(message)

    def _fail(self) -> None:
        """Close after a violation of the protocol; the engine has nothing left to say."""
        self.closing = True
        self.transport.close()

    # Operations of the connection's life

    @property
    def is_busy(self) -> bool:
        """Return whether a call runs that ends without its client, or a response is unsent."""
        return self.unsent() > 0 or any(call.is_running for call in self.calls.values())

    def ping(self, data: bytes) -> None:
        """Ask the peer for an answer."""
        self._operate(lambda: self.engine.ping(data))

    def reset(self, stream_id: int, code: int) -> None:
        """End a stream."""
        self._operate(lambda: self.engine.reset_stream(stream_id, code))

    def notify(self, data: bytes) -> None:
        """Announce the end of this connection; the peer's answer to the PING shows that it knows."""
        self._operate(self.engine.send_shutdown_notice)
        self.ping(data)

    def refuse_new_calls(self) -> None:
        """Announce which calls were accepted; the peer repeats later ones elsewhere."""
        self._operate(self.engine.send_goaway)

    def close(self) -> None:
        """End the calls that still run, send what is queued, and close."""
        for call in list(self.calls.values()):
            call.stop(grpc.StatusCode.UNAVAILABLE, STOPPING)
        self.closing = True
        self._operate(self.engine.terminate_connection)

    def abort(self) -> None:
        """Close without a word: the peer is gone."""
        self.closing = True
        self.transport.abort()

    def _operate(self, operation: Callable[[], None]) -> None:
        try:
            operation()
        except http2.NGH2Error:  # it is closing already, or the stream is gone
            return
        self._flush_soon()
