"""Statuses of gRPC calls, from header fields."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

import grpc

Fields = tuple[tuple[bytes, bytes], ...]
OK_TRAILERS: Fields = ((b"grpc-status", b"0"),)
_NAMES = {str(code.value[0]).encode(): code.name for code in grpc.StatusCode}


def status_of(fields: Iterable[tuple[bytes, bytes]]) -> tuple[str, str]:
    """Return the name of a call's status and its message; `HTTP 404` for an answer that is not of gRPC."""
    found = dict(fields)
    if (number := found.get(b"grpc-status")) is not None:
        message = unquote(found.get(b"grpc-message", b"").decode("latin-1"))
        return _NAMES.get(number, f"STATUS {number.decode('latin-1')[:20]}"), message
    return http_status(found.items()) or "UNKNOWN", "the answer has no grpc-status"


def http_status(fields: Iterable[tuple[bytes, bytes]]) -> str:
    """Return `HTTP 404` for such a status; empty for 200, and for fields without one."""
    status = dict(fields).get(b":status", b"200")
    return "" if status == b"200" else f"HTTP {status.decode('latin-1')[:20]}"
