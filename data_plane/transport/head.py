"""The head of a call: its method, deadline, encodings and metadata, read from the request's header fields."""

from __future__ import annotations

import grpc

from pretzel.data_plane.traffic.origin import key_in
from pretzel.data_plane.transport.guard import MARK
from pretzel.data_plane.transport.limits import FIELD_OVERHEAD
from pretzel.data_plane.transport.meter import Meter
from pretzel.data_plane.transport.status import Header, Metadata, metadata_of
from pretzel.serving.identity.caller import Access

IDENTITY = b"identity"
ENCODINGS = (IDENTITY, b"gzip", b"deflate")
_UNITS = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_TIMEOUT_DIGITS = 8
_AT_ONCE = 1e-9
"""Seconds of a timeout of 0: the call has a deadline, and it has passed."""
_RESERVED = frozenset({b"te", b"content-type", b"grpc-encoding", b"grpc-accept-encoding", b"grpc-timeout"})


class Rejection(Exception):
    """A call that ends before its handler: with an HTTP status if it is not gRPC, else with a gRPC status."""

    def __init__(self, code: grpc.StatusCode, message: str, http: bytes = b"200") -> None:
        super().__init__(message)
        self.code, self.message, self.http = code, message, http


class Head:
    """The content of a call's header fields."""

    __slots__ = ("accepts_gzip", "access", "encoding", "fields", "path", "timeout")

    def __init__(self, path: bytes, timeout: float, encoding: bytes, accepts_gzip: bool, fields: list[Header]) -> None:
        self.path, self.timeout, self.encoding, self.accepts_gzip = path, timeout, encoding, accepts_gzip
        self.fields = fields
        """Fields of the caller's metadata."""
        self.access: Access | None = None
        """The access of the caller; None for a call that needs no role."""

    def metadata(self) -> Metadata:
        """Return the caller's metadata."""
        return metadata_of(self.fields)


class Headed:
    """A call with a head, which calls with the same fields share."""

    head: Head
    meter: Meter | None = None
    """Counts it among the running calls of its caller, until it leaves."""
    point: int | None = None
    """The point at which the call falls into split aliases, once it is asked for."""

    def leave(self) -> None:
        """Do not count it among the running calls any more."""
        if self.meter is not None:
            self.meter.leave()
            self.meter = None

    def route_key(self) -> bytes | None:
        """Return the key by which the caller wants to be routed; None for none."""
        return key_in(self.head.fields)


def read_head(fields: tuple[Header, ...], most_bytes: int) -> Head:
    """Return the head of a call.

    Raises:
        Rejection: it is not a gRPC call, or a field is invalid.
    """
    path = method = content_type = b""
    timeout: bytes | None = None
    encoding, accepts_gzip, size = IDENTITY, False, 0
    metadata: list[Header] = []
    binary: list[Header] = []
    for field in fields:
        name, value = field
        size += len(name) + len(value)
        if name[0] == 58:  # a colon: a pseudo-header
            if name == b":path":
                path = value
            elif name == b":method":
                method = value
        elif name == MARK:
            size += most_bytes  # the guard has cut out values
        elif name not in _RESERVED:
            metadata.append(field)
            if name[-4:] == b"-bin":
                binary.append(field)
        elif name == b"content-type":
            content_type = value
        elif name == b"grpc-timeout":
            timeout = value
        elif name == b"grpc-encoding":
            encoding = value
        elif name == b"grpc-accept-encoding":
            accepts_gzip = b"gzip" in value
    _check_kind(method, content_type)
    if encoding is not IDENTITY:
        _check_encoding(encoding)
    size += FIELD_OVERHEAD * len(fields)
    if size > most_bytes:
        raise Rejection(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            f"the metadata takes {size} bytes or more, {most_bytes} allowed; send less",
        )
    if binary:
        _check_binary(binary)
    seconds = 0.0 if timeout is None else seconds_of(timeout) or _AT_ONCE
    return Head(path, seconds, encoding, accepts_gzip, metadata)


def seconds_of(timeout: bytes) -> float:
    """Return the seconds of a `grpc-timeout`: at most eight digits and a unit.

    Raises:
        Rejection: it has another form.
    """
    digits, unit = timeout[:-1], timeout[-1:]
    if not (digits.isdigit() and len(digits) <= _TIMEOUT_DIGITS and unit in _UNITS):
        raise Rejection(
            grpc.StatusCode.INVALID_ARGUMENT,
            f"grpc-timeout {timeout.decode('latin-1')[:40]!r}: expected up to {_TIMEOUT_DIGITS} digits and a unit of "
            "H, M, S, m, u, n",
        )
    return int(digits) * _UNITS[unit]


def _check_kind(method: bytes, content_type: bytes) -> None:
    if method != b"POST":
        raise Rejection(grpc.StatusCode.UNIMPLEMENTED, "gRPC calls are POST requests", b"405")
    kind = content_type[16:17]
    if not content_type.startswith(b"application/grpc") or kind not in (b"", b"+", b";"):
        shown = content_type.decode("latin-1")[:80]
        raise Rejection(grpc.StatusCode.UNKNOWN, f"content-type {shown!r}: expected application/grpc", b"415")


def _check_encoding(encoding: bytes) -> None:
    if encoding not in ENCODINGS:
        known = b", ".join(ENCODINGS).decode()
        raise Rejection(
            grpc.StatusCode.UNIMPLEMENTED, f"grpc-encoding {encoding.decode('latin-1')[:40]!r}: expected one of {known}"
        )


def _check_binary(fields: list[Header]) -> None:
    try:
        metadata_of(fields)
    except ValueError as error:
        raise Rejection(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from None
