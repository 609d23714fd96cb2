"""Requests and responses, and the bytes of a response."""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus

from pretzel.data_plane.traffic import origin
from pretzel.data_plane.transport.metering import Stay
from pretzel.serving.identity.caller import Access

JSON = "application/json"
ROUTE_KEY = origin.ROUTE_KEY.encode()
_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_NO_CONTENT = frozenset({204, 304})


class Request:
    """One request, with its whole body."""

    __slots__ = (
        *("access", "arrived", "body", "certificate", "headers", "held", "is_kept", "method", "path", "point", "query"),
        *("stay", "version"),
    )
    point: int
    """The point at which the request falls into split aliases; set once it is asked for."""

    def __init__(self, method: str, target: bytes, headers: dict[bytes, bytes], version: str, arrived: float) -> None:
        self.method, self.headers, self.version, self.arrived = method, headers, version, arrived
        self.body = b""
        self.certificate: dict[str, list[bytes]] = {}
        """The names in the certificate of the client."""
        self.access: Access | None = None
        """The access of the caller; None for a request that needs no role."""
        self.stay: Stay | None = None
        """Counts it among the running calls of its caller; None without limits."""
        self.held = 0
        """Bytes that are counted for the body as it was received."""
        self.is_kept = True
        """The connection stays open after the answer."""
        path, _, query = target.partition(b"?")
        if not path.startswith(b"/"):  # the form of proxies: http://host/path
            path = b"/" + path.partition(b"://")[2].partition(b"/")[2]
        self.path, self.query = path.decode("latin-1"), query.decode("latin-1")

    def route_key(self) -> bytes | None:
        """Return the key by which the caller wants to be routed; None for none."""
        return self.headers.get(ROUTE_KEY) or None

    def header(self, name: bytes) -> str:
        """Return a header field by its name in lower case; empty if it is absent."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def content_type(self) -> str:
        """Return the media type of the body in lower case, without parameters."""
        return self.header(b"content-type").partition(";")[0].strip().lower()

    @property
    def has_length(self) -> bool:
        """Return whether the client gave the body a length, or sent it in chunks."""
        return b"content-length" in self.headers or b"transfer-encoding" in self.headers


class Response:
    """One response."""

    __slots__ = ("body", "content_type", "headers", "is_last", "status")

    def __init__(
        self, status: int, body: bytes = b"", content_type: str = JSON, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        self.status, self.body, self.content_type = status, body, content_type
        self.headers: list[tuple[str, str]] = list(headers)
        self.is_last = False
        """The connection closes after it."""

    def encoded(self, request: Request | None = None) -> bytes:
        """Return the bytes of this response to a request; None if the request could not be read."""
        parts = [_LINES[self.status], _date()]
        if self.status not in _NO_CONTENT:
            parts.append(f"content-type: {self.content_type}\r\ncontent-length: {len(self.body)}\r\n".encode("latin-1"))
        parts += [f"{name}: {value}\r\n".encode("latin-1") for name, value in self.headers]
        if self.is_last or request is None or not request.is_kept:
            parts.append(b"connection: close\r\n")
        elif request.version == "1.0":
            parts.append(b"connection: keep-alive\r\n")
        parts.append(b"\r\n")
        if request is None or request.method != "HEAD":
            parts.append(self.body)
        return b"".join(parts)


class _Clock:
    """The field ``date``, formatted once a second."""

    second = 0
    line = b""


def _date() -> bytes:
    second = int(time.time())
    if second != _Clock.second:
        _Clock.second, _Clock.line = second, f"date: {formatdate(second, usegmt=True)}\r\n".encode()
    return _Clock.line
