"""The known and wanted differences between the fronts, as a client sees them."""

from __future__ import annotations

from typing import Any, NamedTuple

from grpc import StatusCode

OK, INVALID, EXHAUSTED, UNIMPLEMENTED, INTERNAL = (
    code.value[0]
    for code in (
        StatusCode.OK,
        StatusCode.INVALID_ARGUMENT,
        StatusCode.RESOURCE_EXHAUSTED,
        StatusCode.UNIMPLEMENTED,
        StatusCode.INTERNAL,
    )
)
UNKNOWN = StatusCode.UNKNOWN.value[0]
RESET = "reset"
"""The stream is reset without a status."""
CLOSED = "closed"
"""The connection ends, with its other calls."""
SILENCE = "silence"
"""Nothing comes until the deadline."""


class Difference(NamedTuple):
    """One case in which the fronts differ."""

    name: str
    native: Any
    grpcio: Any
    reason: str


DIFFERENCES = (
    Difference("an error of the handler", "INTERNAL", "UNKNOWN", "ours logs the text and returns an identifier"),
    Difference("binary metadata joined by commas", OK, INTERNAL, "PROTOCOL-HTTP2.md allows intermediaries to join"),
    Difference("binary metadata that is not base64", INVALID, INTERNAL, "the fault is the client's"),
    Difference("a GET request", UNIMPLEMENTED, RESET, "a status for HTTP clients (405) names the fault"),
    Difference("another content type", UNKNOWN, OK, "PROTOCOL-HTTP2.md asks for 415"),
    Difference("an invalid grpc-timeout", INVALID, INTERNAL, "the fault is the client's"),
    Difference("a grpc-timeout of nine digits", INVALID, OK, "PROTOCOL-HTTP2.md allows eight"),
    Difference(
        "an unknown grpc-encoding", UNIMPLEMENTED, INTERNAL, "compression.md asks for it, with what is accepted"
    ),
    Difference("an unknown message flag", INTERNAL, OK, "PROTOCOL-HTTP2.md defines 0 and 1; grpcio drops the message"),
    Difference("a unary call without a message", UNIMPLEMENTED, SILENCE, "statuscodes.md asks for it"),
    Difference("a unary call with two messages", UNIMPLEMENTED, OK, "statuscodes.md asks for it"),
    Difference("an incomplete message", INTERNAL, SILENCE, "the client waits for nothing"),
    Difference("an incomplete message of a stream", INTERNAL, OK, "the client believes that it was read"),
    Difference(
        "more header fields than the engine holds", CLOSED, OK, "`ngh2` is unusable beyond its limit of memory: ADR 22"
    ),
    Difference("no te field", OK, RESET, "proxies drop it, and nothing depends on it"),
    Difference("a relative path", RESET, UNIMPLEMENTED, "RFC 9113 8.3.1: the request is malformed"),
    Difference("a field of a connection", RESET, OK, "RFC 9113 8.2.2: the request is malformed"),
    Difference("a wrong content-length", RESET, OK, "RFC 9113 8.1.1: the request is malformed"),
    Difference("a line break in a value", RESET, OK, "RFC 9113 8.2.1: the request is malformed"),
    Difference("an empty field name", RESET, INTERNAL, "RFC 9113 8.2.1: the request is malformed"),
)


def wanted(name: str, front: str) -> Any:
    """Return the outcome of a case that differs by front."""
    (found,) = (difference for difference in DIFFERENCES if difference.name == name)
    return getattr(found, front)
