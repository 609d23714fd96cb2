"""Conversion of gRPC statuses to Pretzel errors, with the server's message."""

from __future__ import annotations

from typing import Any, Self

import grpc

from pretzel import errors

_BY_CODE: dict[str, type[errors.PretzelError]] = {
    kind.code: kind
    for kind in (
        errors.InputError,
        errors.UnsupportedError,
        errors.NotFoundError,
        errors.PreconditionError,
        errors.CorruptObjectError,
        errors.ExhaustedError,
        errors.UnavailableError,
        errors.DeadlineError,
        errors.CancelledError,
    )
}
_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}

# grpc.aio reports this instead of the status on a write to a stream that the server has ended (grpc issue 36066).
_LOST_STATUS = "Internal error from Core"
# gRPC reports these when a connection breaks, after its own retries if no part of the response had arrived.
_BROKEN = ("Stream removed", "Connection reset", "Broken pipe", "Socket closed", "GOAWAY")
# gRPC reports this when a stopping server cancels a call; a cancellation by the caller has another message.
_CANCELLED_BY_SERVER = "CANCELLED"
# A gRPC server reports this for an unknown service: a prediction was sent to a control plane, or the reverse.
_OTHER_SERVICE = "Method not found!"

# gRPC reports this of a web server or a proxy.
_NO_GRPC = "Received http2 header with status"


class UnreachedError(errors.UnavailableError):
    """No response came: no server is there, or its connection broke."""

    details = ""
    """The text of gRPC."""

    @classmethod
    def of(cls, text: str, details: str) -> Self:
        """Return an error with our text, followed by that of gRPC."""
        error = cls(f"{text} (gRPC: {details})")
        error.details = details
        return error


class MismatchError(errors.UnavailableError):
    """A server is there, but client and server do not agree on TLS or on each other's certificates."""


class CutOffError(UnreachedError):
    """The connection broke before the response was complete, for example because a worker died."""


def failure_of(error: grpc.RpcError | errors.PretzelError, address: str) -> errors.PretzelError:
    """Return the Pretzel error of a failed call; if it reached no server, the message names the address."""
    if isinstance(error, errors.PretzelError):
        return error
    code, details = error.code().name, error.details() or "no message"
    if code == "INTERNAL" and details == _LOST_STATUS:
        return errors.UnavailableError(f"{address}: the server ended the stream during a write")
    if code == "CANCELLED" and details == _CANCELLED_BY_SERVER:
        return CutOffError.of(f"{address}: the server stopped during the call; is it still running?", details)
    if code == "UNAVAILABLE" and any(text in details for text in _BROKEN):
        return CutOffError.of(f"{address}: the connection broke; is the server there still running?", details)
    if code == "UNAVAILABLE" and _named(error):
        return error_of(code, f"{address}: {details}", _named(error))
    if code == "UNAVAILABLE":
        return UnreachedError.of(f"{address}: no server answers; is a server running there?", details)
    if code == "DEADLINE_EXCEEDED":
        advice = "increase timeout=, or check that a server is running there"
        return errors.DeadlineError(f"{address}: no answer in time; {advice} (gRPC: {details})")
    if details.startswith(_NO_GRPC):
        return UnreachedError.of(f"{address}: what answers there does not speak gRPC; is the address right?", details)
    if code == "UNIMPLEMENTED" and details == _OTHER_SERVICE:
        ports = "workers serve predictions (port 8001), control planes serve deployments (port 8101)"
        return errors.UnavailableError(f"{address}: another service answers; is it the other plane's address? {ports}")
    return error_of(code, details, _named(error))


def call_failure(code: int, message: str) -> errors.PretzelError:
    """Return the error for a status code number in a part of a response."""
    return error_of(_NAMES.get(code, "UNKNOWN"), message)


def error_of(code: str, message: str, name: str = "") -> errors.PretzelError:
    """Return the error for a status code name; an error class named by the server takes precedence."""
    kind = _BY_CODE.get(code)
    named = getattr(errors, name, None) if name else None
    if isinstance(named, type) and issubclass(named, errors.PretzelError) and named.code == code:
        return named(message)
    return kind(message) if kind else errors.PretzelError(f"{code.lower()}: {message}")


def _named(error: Any) -> str:
    """Return the error class reported by a Pretzel server; several classes share a code."""
    return str(dict(error.trailing_metadata() or ()).get("pretzel-error", ""))
