"""Reads requests from the bytes of a connection, within limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httptools

from pretzel.data_plane.rest.http.limits import Limits
from pretzel.data_plane.rest.http.messages import Request

FIELD_OVERHEAD = 32
"""Bytes that each header field counts beyond its name and value, as in HTTP/2."""
_SHOWN = 100


class Rejection(Exception):
    """A request that is not read any further: it is answered with a status, and the connection closes."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.identifier: bytes | None = None
        """The identifier of the request, if that was read."""


class Reader:
    """The parser of one connection."""

    def __init__(self, limits: Limits, complete: Callable[[Request], None], hold: Callable[[int], None]) -> None:
        """Pass on each complete request; ``hold`` counts bytes of bodies, or raises a :class:`Rejection`."""
        self._limits, self._complete, self._hold = limits, complete, hold
        self._parser: Any = httptools.HttpRequestParser(self)
        self._rejection: Rejection | None = None
        self.now = 0.0
        """Time at which the present bytes arrived."""
        self.begun = 0.0
        """Time of the first byte of the request that is being received; 0 between requests."""
        self.in_body = False
        """The header fields of that request are complete."""
        self.expects = False
        """Its client waits for permission to send the body."""
        self.received = 0
        """Bytes of the body so far."""
        self._is_new = False
        self._request: Request | None = None
        self._clear()

    def feed(self, data: bytes) -> None:
        """Parse bytes.

        Raises:
            Rejection: they are not a request, or exceed a limit.
        """
        self._is_new = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._reject_upgrade()
        except httptools.HttpParserError as error:
            self._reject(400, f"not a request of HTTP/1.1: {error}")
        if self.begun and not self.in_body and not self._is_new:
            self._pending += len(data)
            if self._pending > self._limits.head_bytes:  # in a field that has no end, which llhttp does not report
                self._reject_head()
        if self._rejection is not None:
            raise self._rejection

    @property
    def identifier(self) -> bytes | None:
        """The client's identifier of the request that is being received, if it was read."""
        return self._headers.get(b"x-request-id")

    def release(self) -> None:
        """Give up the request that is being received."""
        if self.received:
            self._hold(-self.received)
        self._clear()

    # Called by the parser.  An exception here would reach `feed` as another one, so a rejection is kept until then.

    def on_message_begin(self) -> None:
        """Start a request."""
        self._clear()
        self.begun, self._is_new = self.now, True

    def on_url(self, piece: bytes) -> None:
        """Receive a piece of the target."""
        self._target += piece
        self._count(len(piece))

    def on_header(self, name: bytes, value: bytes | None) -> None:
        """Receive a header field; those behind a chunked body are only counted."""
        value = value or b""
        self._count(len(name) + len(value) + FIELD_OVERHEAD)
        if not self.in_body:
            name = name.lower()
            self._headers[name] = self._headers[name] + b", " + value if name in self._headers else value

    def on_headers_complete(self) -> None:
        """Check what the header fields announce."""
        self.in_body = True
        version, method = self._parser.get_http_version(), self._parser.get_method().decode("latin-1")
        self._request = request = Request(method, bytes(self._target), self._headers, version, self.now)
        request.is_kept = self._parser.should_keep_alive()
        self._check(request)

    def on_body(self, data: bytes) -> None:
        """Receive a piece of the body."""
        if self._rejection is not None:
            return
        self.received += len(data)
        try:
            self._hold(len(data))
        except Rejection as rejection:
            self._rejection = rejection
        if self.received > self._limits.body_bytes:
            self._reject_body()
        self._body.append(data)

    def on_message_complete(self) -> None:
        """Pass the request on, with the bytes that are held for it."""
        if self._rejection is not None or self._request is None:
            return
        if self._parser.should_upgrade() and self._announces_body(self._request):
            return self._reject_upgrade()
        request = self._request
        request.is_kept &= not self._parser.should_upgrade()
        request.body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        request.held = self.received
        self._clear()
        self._complete(request)

    def _clear(self) -> None:
        self._target = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._request = None
        self._head = self._pending = self.received = 0
        self.begun, self.in_body, self.expects = 0.0, False, False

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > self._limits.head_bytes:
            self._reject_head()

    def _check(self, request: Request) -> None:
        if request.version not in ("1.0", "1.1"):
            self._reject(505, f"version {request.version} of HTTP: expected 1.0 or 1.1")
        elif request.version == "1.1" and b"host" not in request.headers:
            self._reject(400, "the header field Host is missing, which HTTP/1.1 requires")
        elif request.version == "1.0" and b"transfer-encoding" in request.headers:
            self._reject(400, "HTTP/1.0 has no transfer-encoding; send content-length")
        elif self._length(request) > self._limits.body_bytes:
            self._reject_body()
        expected = request.header(b"expect").lower()
        if expected not in ("", "100-continue"):
            self._reject(417, f"expect: {expected[:_SHOWN]!r}: only 100-continue is supported")
        self.expects = expected == "100-continue" and request.version == "1.1" and self._announces_body(request)

    @staticmethod
    def _length(request: Request) -> int:
        text = request.headers.get(b"content-length", b"")
        return int(text) if text.isdigit() and len(text) < 20 else 0  # llhttp has refused anything else

    def _announces_body(self, request: Request) -> bool:
        return b"transfer-encoding" in request.headers or self._length(request) > 0

    def _reject_head(self) -> None:
        most = self._limits.head_bytes
        self._reject(431, f"the target and the header fields exceed {most} bytes; send fewer or shorter ones")

    def _reject_body(self) -> None:
        most = self._limits.body_bytes
        self._reject(
            413, f"the body exceeds {most} bytes (`max_message_bytes` of the worker); send fewer rows per call"
        )

    def _reject_upgrade(self) -> None:
        if self._request is not None or self._rejection is not None:  # a request without a body was passed on
            self._reject(
                400, "a request with a body cannot upgrade the protocol; send it without Upgrade, or over gRPC"
            )

    def _reject(self, status: int, message: str) -> None:
        self._rejection = self._rejection or Rejection(status, message)
