"""One connection: bytes of the socket to the HTTP/2 engine, its events to calls, and their responses back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc

from pretzel.data_plane.transport import http2
from pretzel.data_plane.transport.admission import Admission
from pretzel.data_plane.transport.call import Call
from pretzel.data_plane.transport.entrance import Entrance, has_ended
from pretzel.data_plane.transport.handlers import STOPPING
from pretzel.data_plane.transport.head import Head, Rejection
from pretzel.data_plane.transport.held import HeldAnswers
from pretzel.data_plane.transport.kernel_buffer import unread_bytes
from pretzel.data_plane.transport.life import Life
from pretzel.data_plane.transport.methods import Method
from pretzel.data_plane.transport.peer import authentication, name_of
from pretzel.data_plane.transport.refusing import echoed
from pretzel.data_plane.transport.sender import Sender
from pretzel.data_plane.transport.shedding import REFUSAL
from pretzel.data_plane.transport.status import Header
from pretzel.data_plane.transport.unread import Unread
from pretzel.errors import PretzelError
from pretzel.serving.identity.recognition import PEER

if TYPE_CHECKING:
    from pretzel.data_plane.transport.front import NativeFront

CHUNK = 256 << 10
"""Most bytes handed to the socket at a time; a slow reader leaves the rest with the engine."""


class Connection(asyncio.Protocol):
    """The protocol of one connection, for `loop.create_server`."""

    def __init__(self, front: NativeFront) -> None:
        self.front, self.limits = front, front.limits
        self.shedding, self.delay = front.shedding, front.shedding.delay
        self.calls: dict[int, Call] = {}
        self.peer = ""
        self.auth_context: dict[str, list[bytes]] = {}
        self.entrance = Entrance(front, {})
        self.engine = http2.new_connection(front.limits)
        self.sender = Sender(self.engine, self._flush_soon, front.attached)
        self.unread = Unread(front, self.sender)
        self.held = HeldAnswers(front.methods.look)
        self.transport: Any = None
        self.closing = False
        self.greeted = False
        """The peer has sent its SETTINGS."""
        self.heard = time.monotonic()
        """Time of the last received byte."""
        self.called = self.heard
        """Time of the last call."""
        self.admission = Admission(self.shedding, self.sender, self.heard)
        self._counted = 0
        """Open calls that the front counts for this connection."""
        self.life = Life(self, self.heard)
        self._waiting: list[Call] = []
        self._last_fields: tuple[Header, ...] = ()
        self._last_head: Head
        self._last_method: Method
        self._receiving = self._paused = self._scheduled = False

    # Events of the socket

    def connection_made(self, transport: Any) -> None:
        """Send the first SETTINGS, or close a connection beyond the limit."""
        self.transport = transport
        if not self.front.admit(self):
            transport.abort()
            return
        self.peer, self.auth_context = name_of(transport), authentication(transport)
        self.entrance = Entrance(self.front, {**self.auth_context, PEER: [self.peer.encode()]})
        if self.front.draining:
            self.life.start_drain(self.heard)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Process received bytes."""
        before, self.heard = self.heard, time.monotonic()
        self.delay.arrive(self.heard)
        self.front.poller.heard(self.heard)
        self._receiving = True
        if self._last_fields and has_ended(self._last_head):
            self._last_fields = ()
        self.held.open()
        try:
            if self.admission.divides(data) and not (self._paused or self.life.is_drained):
                self.admission.open(data, before, self.heard, len(self.calls))
                for piece in self.admission.pieces():
                    self._receive(piece)
            else:
                self._receive(self.admission.pass_on(data, len(self.calls)))
            self.held.release()
        except http2.NGH2Error:
            self._fail()
            return
        finally:
            self._receiving = False
            if self.held.is_open:  # a fault of the server: the event loop closes the connection
                self.held.drop()
        for call in self._waiting:
            call.start_timer()  # only now: most calls were answered above
        self._waiting.clear()
        self.admission.look(lambda: unread_bytes(self.transport))
        self._flush()
        if not self.calls:
            self.front.poller.rest()

    def eof_received(self) -> bool:
        """Close: a peer that sends no more cannot acknowledge what it gets."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Stop the work of all calls."""
        self.front.forget(self)
        self._abandon()
        self.unread.close()

    def pause_writing(self) -> None:
        """Leave further output with the engine."""
        self._paused = True

    def resume_writing(self) -> None:
        """Hand output to the socket again."""
        self._paused = False
        self._flush()

    # Events of the engine

    def _receive(self, data: bytes) -> None:
        self.engine.receive_data(data)
        events = self.engine.events()
        if self.admission.is_active:
            self.admission.learn(events)
        self._react(events)

    def _react(self, events: list[Any]) -> None:
        for i, event in enumerate(events):
            kind = type(event)
            if kind is http2.DataReceived:
                self._on_data(event.stream_id, event.data, event.end_stream)
            elif kind is http2.RequestReceived:
                if self.admission.is_refusing and (method := self.shedding.method_of(event.headers)):
                    self.called = self.heard
                    self._react(self.shedding.refuse_from(self, events, i, method))
                    return
                self._on_request(event.stream_id, event.headers, event.end_stream)
            elif kind is http2.StreamClosed:
                if self.sender.ignored or event.stream_id in self.calls:  # a refused call has left nothing
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
                self._last_head, self._last_method = self.entrance.read(fields)
            except (Rejection, PretzelError) as refusal:
                self.entrance.refuse(self.sender, stream_id, refusal, fields)
                return
            self._last_fields = fields
        self.called = self.heard
        if self.calls and self.front.calls >= self.limits.calls:
            self.reset(stream_id, http2.REFUSED_STREAM)  # a status would leave it open until its sender ends it
            return
        if self.admission.is_active and self.admission.is_late(self._last_head, self._last_method):
            self.sender.refuse(stream_id, (*REFUSAL, *echoed(fields)))
            return
        observe, method = self.front.observe, self._last_method
        method = method if observe is None else observe(self._last_head, method)
        call = self.calls[stream_id] = Call(self, stream_id, self._last_head, method)
        if call.deadline:
            self._waiting.append(call)
        if end:
            self._on_data(stream_id, b"", True)

    def _on_data(self, stream_id: int, data: bytes, end: bool) -> None:
        call = self.calls.get(stream_id)
        if call is None or call.finished:
            self.sender.ignore(stream_id, len(data))
            return
        try:
            call.receive(data, end=end)
        except Exception as error:
            call.fail(error)

    def _on_closed(self, stream_id: int) -> None:
        call = self.calls.pop(stream_id, None)
        self.unread.forget(stream_id)
        self.sender.forget(stream_id)
        if call is not None:
            call.abandon()

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
                fed = self.sender.outgoing.feed()
                output = self.engine.data_to_send(CHUNK)
                is_last = len(output) < CHUNK // 2 and not fed
                if is_last and self.admission.gate.has_answers:
                    output += self.admission.gate.answers()
                if output:
                    self.transport.write(output)
                if is_last:
                    break
            self._react(self.engine.events())
        except http2.NGH2Error:
            self._fail()
            return
        self.unread.count()
        self._count_calls()
        for call in self.calls.values():
            call.on_sent()
        self.unread.resume()
        if self.closing:
            self.transport.close()

    def _fail(self) -> None:
        """Close after a violation of the protocol; the engine has nothing left to say."""
        self._abandon()
        self.transport.close()

    def _abandon(self) -> None:
        self.closing = True
        self.held.drop()
        for call in self.calls.values():
            call.abandon()
        self.calls.clear()
        self._count_calls()

    def _count_calls(self) -> None:
        self.front.calls += len(self.calls) - self._counted
        self._counted = len(self.calls)

    # Operations of the connection's life

    @property
    def is_busy(self) -> bool:
        """Return whether a call runs that ends without its client, or a response is unsent."""
        return self.sender.unsent() > 0 or any(call.is_running for call in self.calls.values())

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
        self._flush()  # the statuses first, for the engine sends nothing after its last GOAWAY
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
