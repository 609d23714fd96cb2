"""Conversion of gRPC statuses to Pretzel errors, with the server's message."""

from __future__ import annotations

from typing import Any, Self

import grpc

from pretzel import errors
from pretzel.client.hints import retry_after, seconds_of
from pretzel.client.row_numbers import shifted
from pretzel.v1 import prediction_pb2 as pb

_BY_CODE: dict[str, type[errors.PretzelError]] = {
    kind.code: kind
    for kind in (
        errors.InputError,
        errors.UnauthenticatedError,
        errors.PermissionDeniedError,
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
# gRPC reports these when a connection or a call breaks, with one of these codes.
_BROKEN = ("Stream removed", "Connection reset", "Broken pipe", "Socket closed", "GOAWAY", "RST_STREAM")
_BREAKS = ("UNAVAILABLE", "UNKNOWN", "INTERNAL", "CANCELLED")
# gRPC reports this when a stopping server cancels a call.
_CANCELLED = "CANCELLED"
# gRPC reports these when the caller cancels a call or closes the client.
_BY_CALLER = ("Locally cancelled", "Channel closed")
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


class OtherServiceError(errors.UnavailableError):
    """A server is there, but of the other plane."""


class CutOffError(UnreachedError):
    """The connection broke before the response was complete, for example because a worker died."""


class CancelledByServerError(errors.CancelledError):
    """The server cancelled the call, as it does if it stops or is flooded."""


def failure_of(error: grpc.RpcError | errors.PretzelError, address: str) -> errors.PretzelError:
    """Return the Pretzel error of a failed call; if it reached no server, the message names the address."""
    if isinstance(error, errors.PretzelError):
        return error
    code, details, name = error.code().name, error.details() or "no message", _named(error)
    if code == "INTERNAL" and details == _LOST_STATUS:
        return errors.UnavailableError(f"{address}: the server ended the stream during a write")
    if code == "CANCELLED" and details == _CANCELLED:
        return CutOffError.of(f"{address}: the server stopped during the call; is it still running?", details)
    if code in _BREAKS and not name and any(text in details for text in _BROKEN):
        return CutOffError.of(f"{address}: the connection broke; is the server there still running?", details)
    if code == "CANCELLED" and not details.startswith(_BY_CALLER):
        return CancelledByServerError(f"{address}: the server cancelled the call: {details}")
    if code == "UNAVAILABLE" and name:
        return error_of(code, f"{address}: {details}", name)
    if code == "UNAVAILABLE":
        return UnreachedError.of(f"{address}: no server answers; is a server running there?", details)
    if code == "DEADLINE_EXCEEDED":
        advice = "increase timeout=, or check that a server is running there"
        return errors.DeadlineError(f"{address}: no answer in time; {advice} (gRPC: {details})")
    if details.startswith(_NO_GRPC):
        return UnreachedError.of(f"{address}: what answers there does not speak gRPC; is the address right?", details)
    if code == "UNIMPLEMENTED" and details == _OTHER_SERVICE:
        ports = "workers serve predictions (port 8001), control planes serve deployments (port 8101)"
        return OtherServiceError(f"{address}: another service answers; is it the other plane's address? {ports}")
    failure = error_of(code, details, name)
    if isinstance(failure, errors.ExhaustedError):
        failure.retry_after = retry_after(error)
    return failure


def call_failure(error: pb.CallError, first_row: int = 0) -> errors.PretzelError:
    """Return the error in a part of a response to the rows from ``first_row``, with the server's retry hint."""
    failure = error_of(_NAMES.get(error.code, "UNKNOWN"), shifted(error.message, first_row))
    if isinstance(failure, errors.ExhaustedError) and error.HasField("retry_delay"):
        failure.retry_after = seconds_of(error.retry_delay)
    return failure


def error_of(code: str, message: str, name: str = "") -> errors.PretzelError:
    """Return the error for a status code name; an error class named by the server takes precedence."""
    kind = _BY_CODE.get(code)
    named = getattr(errors, name, None) if name else None
    if isinstance(named, type) and issubclass(named, errors.PretzelError) and named.code == code:
        return named(message)
    return kind(message) if kind else errors.PretzelError(f"{code.lower()}: {message}")


def explained(error: errors.DeadlineError, last: errors.PretzelError | None) -> errors.DeadlineError:
    """Return the error of a deadline that passed during retries, with the last failure."""
    return error if last is None else errors.DeadlineError(f"{last}; the deadline passed while waiting for it")


def _named(error: Any) -> str:
    """Return the error class reported by a Pretzel server; several classes share a code."""
    return str(dict(error.trailing_metadata() or ()).get("pretzel-error", ""))
