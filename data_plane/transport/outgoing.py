"""Large answers of one connection, handed to the HTTP/2 engine piece by piece as their clients read."""

from __future__ import annotations

from collections import deque

from pretzel.data_plane.transport import http2
from pretzel.data_plane.transport.status import Header

PIECE = 128 << 10


class _Stream:
    """The unsent parts of one stream."""

    __slots__ = ("parts", "trailers")

    def __init__(self) -> None:
        self.parts: deque[memoryview] = deque()
        self.trailers: tuple[Header, ...] | list[Header] | None = None


class Outgoing:
    """The parts of answers that the engine does not have yet."""

    def __init__(self, engine: http2.Connection) -> None:
        self._engine = engine
        self._streams: dict[int, _Stream] = {}
        self.bytes = 0

    def __contains__(self, stream_id: int) -> bool:
        return stream_id in self._streams

    def size(self, stream_id: int) -> int:
        """Return the bytes that one stream still has to hand over."""
        stream = self._streams.get(stream_id)
        return sum(map(len, stream.parts)) if stream is not None else 0

    def add(self, stream_id: int, *parts: bytes) -> None:
        """Send parts after those that the stream has."""
        stream = self._streams.setdefault(stream_id, _Stream())
        stream.parts.extend(map(memoryview, parts))
        self.bytes += sum(map(len, parts))

    def end(self, stream_id: int, trailers: tuple[Header, ...] | list[Header]) -> None:
        """Send the trailers after the parts of a stream."""
        self._streams[stream_id].trailers = trailers

    def feed(self) -> bool:
        """Hand over a piece of each stream whose last piece is sent; return whether there was one."""
        fed = False
        for stream_id in list(self._streams):
            while stream_id in self._streams and self._engine.queued_body_size(stream_id) < PIECE:
                self._advance(stream_id, self._streams[stream_id])
                fed = True
        return fed

    def drop(self, stream_id: int) -> None:
        """Forget a stream: it is closed."""
        stream = self._streams.pop(stream_id, None)
        if stream is not None:
            self.bytes -= sum(map(len, stream.parts))

    def _advance(self, stream_id: int, stream: _Stream) -> None:
        try:
            if stream.parts:
                self._engine.send_data(stream_id, self._piece(stream.parts))
                return
            del self._streams[stream_id]
            if stream.trailers is not None:
                self._engine.send_trailers(stream_id, stream.trailers)
        except http2.NGH2Error:  # the stream is gone, and the event that says so follows
            self.drop(stream_id)

    def _piece(self, parts: deque[memoryview]) -> memoryview:
        part = parts.popleft()
        if len(part) > PIECE:
            parts.appendleft(part[PIECE:])
        self.bytes -= min(len(part), PIECE)
        return part[:PIECE]
