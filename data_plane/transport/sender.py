"""The sending side of one connection: headers, messages, statuses, and permission to send more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

import grpc

from pretzel.data_plane.transport import http2
from pretzel.data_plane.transport.attached import Attached
from pretzel.data_plane.transport.head import ENCODINGS, Rejection
from pretzel.data_plane.transport.outgoing import Outgoing
from pretzel.data_plane.transport.status import OK_TRAILERS, Header, Metadata, metadata_fields, status_fields
from pretzel.errors import PretzelError
from pretzel.serving.errors import status_of
from pretzel.serving.request_ids import REQUEST_ID, request_id_of

if TYPE_CHECKING:
    from pretzel.data_plane.transport.call import Call

_RESPONSE: tuple[Header, ...] = ((b":status", b"200"), (b"content-type", b"application/grpc"))
_ACCEPTED: Header = (b"grpc-accept-encoding", b", ".join(ENCODINGS))
_GZIP: Header = (b"grpc-encoding", b"gzip")
Fields: TypeAlias = "tuple[Header, ...] | list[Header]"
"""The headers or trailers of a stream."""
IGNORED = 1 << 20
"""Bytes that are dropped after the end of a call before its stream is reset: they were sent before the status came."""


class Sender:
    """Queues frames with the engine.

    A stream may be gone: the engine reads all frames of a segment before their events are processed, so a request and
    its RST_STREAM are seen together.  The event that ends the call then follows, and nothing is sent.
    """

    def __init__(self, engine: http2.Connection, flush_soon: Callable[[], None], attached: Attached) -> None:
        self._engine, self._flush_soon = engine, flush_soon
        self._attached = attached
        self._sent: tuple[Header, ...] = ()
        self.outgoing = Outgoing(engine)
        self._error: PretzelError | None = None
        self._refusal: tuple[Header, ...] = ()
        self.ignored: dict[int, int] = {}
        """Dropped bytes of open streams whose calls have ended."""

    def acknowledge(self, stream_id: int, size: int) -> None:
        """Allow the peer to send as many bytes again."""
        if size:
            try:
                self._engine.acknowledge_received_data(size, stream_id)
            except (http2.NGH2Error, ValueError):  # the stream is long gone, or the connection is
                return
            self._flush_soon()

    def ignore(self, stream_id: int, size: int) -> None:
        """Drop data of a call that has ended, and reset the stream if its sender does not stop."""
        self.acknowledge(stream_id, size)
        self.ignored[stream_id] = ignored = self.ignored.get(stream_id, 0) + size
        if ignored > IGNORED:
            self._queue(self._engine.reset_stream, stream_id, http2.NO_ERROR)

    def forget(self, stream_id: int) -> None:
        """Drop a stream that is closed."""
        if self.ignored:
            self.ignored.pop(stream_id, None)

    def respond(self, call: Call, *message: bytes) -> None:
        """Send the whole response of a unary call: headers, the parts of a framed message, and the status OK."""
        engine, stream_id = self._engine, call.stream_id
        trailers = OK_TRAILERS if self._attached.fields is self._sent else self._with_attached(OK_TRAILERS)
        try:
            engine.send_response(stream_id, (*_RESPONSE, _GZIP) if call.gzip else _RESPONSE)
            if len(message) > 1:
                self.outgoing.add(stream_id, *message)
                self.outgoing.end(stream_id, trailers)
            else:
                engine.send_data(stream_id, message[0])
                engine.send_trailers(stream_id, trailers)
        except http2.NGH2Error:
            return
        self._flush_soon()

    def send_headers(self, call: Call) -> None:
        """Send the headers of a response, once."""
        if not call.headers_sent:
            coding = (_ACCEPTED, _GZIP) if call.gzip else (_ACCEPTED,)
            fields = (*_RESPONSE, *coding, *metadata_fields(call.initial_metadata))
            call.headers_sent = True
            self._queue(self._engine.send_response, call.stream_id, fields)

    def send_message(self, call: Call, *message: bytes) -> None:
        """Send the parts of a framed message."""
        self.send_headers(call)
        if len(message) > 1 or call.stream_id in self.outgoing:
            self.outgoing.add(call.stream_id, *message)
            self._flush_soon()
        else:
            self._queue(self._engine.send_data, call.stream_id, message[0])

    def send_status(self, call: Call, code: grpc.StatusCode, message: str, metadata: Metadata | None) -> None:
        """Send the last fields of a call; without an earlier message they are its only ones.

        Without ``metadata``, an error has the identifier of the call.
        """
        if metadata is None:
            metadata = () if code is grpc.StatusCode.OK else ((REQUEST_ID, identifier_of(call)),)
        fields = OK_TRAILERS if code is grpc.StatusCode.OK and not metadata else status_fields(code, message, metadata)
        if call.method.is_prediction:
            fields = self._with_attached(fields)
        if call.stream_id in self.outgoing:
            self.outgoing.end(call.stream_id, fields)
        elif call.headers_sent:
            self._queue(self._engine.send_trailers, call.stream_id, fields)
        else:
            self._send_only(call.stream_id, (*_RESPONSE, _ACCEPTED, *metadata_fields(call.initial_metadata), *fields))

    def reject(self, stream_id: int, rejection: Rejection, fields: Iterable[Header]) -> None:
        """Answer a stream that does not become a call, whose request has these fields."""
        kind = (*_RESPONSE, _ACCEPTED) if rejection.http == b"200" else ((b":status", rejection.http),)
        status = status_fields(rejection.code, rejection.message, ((REQUEST_ID, request_id_of(fields)),))
        self._send_only(stream_id, (*kind, *status))

    def refuse(self, stream_id: int, fields: tuple[Header, ...]) -> None:
        """Answer a prediction that does not become a call by these fields alone."""
        self._send_only(stream_id, self._with_attached(fields))

    def refuse_unknown(self, stream_id: int, fields: tuple[Header, ...]) -> None:
        """Answer a call whose caller may not know more by these fields alone."""
        self._send_only(stream_id, fields)

    def refuse_by(self, call: Call, error: PretzelError) -> None:
        """Answer a call by an error alone; that of the call before is encoded already."""
        if error is not self._error:
            status = status_of(error)
            fields = status_fields(status.code, status.message, status.metadata)
            self._error, self._refusal = error, (*_RESPONSE, _ACCEPTED, *fields)
        own = metadata_fields(((REQUEST_ID, identifier_of(call)),))
        self._send_only(call.stream_id, self._with_attached((*self._refusal, *own)))

    def _with_attached(self, fields: Fields) -> Fields:
        """Return the last fields of a prediction, with what is attached if this connection has not got it yet."""
        attached = self.pending
        if not attached:
            return fields
        self.note_sent()
        return (*fields, *attached)

    @property
    def pending(self) -> tuple[Header, ...]:
        """The further last fields of the next prediction: those that this connection has not got yet."""
        return () if self._attached.fields is self._sent else self._attached.fields

    def note_sent(self) -> None:
        """Note that an answer carried what was pending."""
        self._sent = self._attached.fields

    def unsent(self, stream_id: int | None = None) -> int:
        """Return the bytes of responses that are not on their way yet, of one stream or of all."""
        waiting = self.outgoing.bytes
        if waiting and stream_id is not None:
            waiting = self.outgoing.size(stream_id)
        return self._engine.queued_body_size(stream_id) + waiting

    def _send_only(self, stream_id: int, fields: Fields) -> None:
        self._queue(lambda *arguments: self._engine.send_response(*arguments, end_stream=True), stream_id, fields)

    def _queue(self, operation: Callable[..., None], stream_id: int, content: object) -> None:
        try:
            operation(stream_id, content)
        except http2.NGH2Error:
            return
        self._flush_soon()


def identifier_of(call: Call) -> str:
    """Return the client's identifier of a call, or the one that its answer has already, or a new one."""
    return request_id_of((*call.head.fields, *call.initial_metadata))
