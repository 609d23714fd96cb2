"""gRPC statuses as errors of Pretzel, with the server's own message."""

from __future__ import annotations

from typing import Any

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

# What grpc.aio says in place of the status when a write meets a stream that the server has ended (grpc issue 36066).
_LOST_STATUS = "Internal error from Core"
# What gRPC says where a connection breaks; of calls whose answer had not begun, it has repeated them before it says so.
_BROKEN = ("Stream removed", "Connection reset", "Broken pipe", "Socket closed", "GOAWAY")
# What gRPC says where a server that stops cancels a call that came too late; a caller that cancels is told otherwise.
_CANCELLED_BY_SERVER = "CANCELLED"
# What a server of gRPC says that has no such service: predictions were asked of a control plane, or the reverse.
_OTHER_SERVICE = "Method not found!"


class CutOffError(errors.UnavailableError):
    """The connection broke before the answer was whole, as when a worker dies while it sends one."""


def failure_of(error: grpc.RpcError | errors.PretzelError, address: str) -> errors.PretzelError:
    """Return the error that a failed call becomes; one that never reached a server names its address."""
    if isinstance(error, errors.PretzelError):
        return error
    code, details = error.code().name, error.details() or "no message"
    if code == "INTERNAL" and details == _LOST_STATUS:
        return errors.UnavailableError(f"{address}: the server ended the stream while it was being written to")
    if code == "CANCELLED" and details == _CANCELLED_BY_SERVER:
        return CutOffError(f"{address}: the server ended the call as it stopped; does it still run?")
    if code == "UNAVAILABLE" and any(said in details for said in _BROKEN):
        return CutOffError(f"{address}: {details}; does the server there still run?")
    if code == "UNAVAILABLE" and _named(error):
        return error_of(code, f"{address}: {details}", _named(error))
    if code == "UNAVAILABLE":
        return errors.UnavailableError(f"{address}: {details}; is a server running there?")
    if code == "DEADLINE_EXCEEDED":
        return errors.DeadlineError(
            f"{address}: {details}; allow more with timeout=, or see whether a server is running there"
        )
    if code == "UNIMPLEMENTED" and details == _OTHER_SERVICE:
        ports = "workers answer predictions (port 8001), control planes deployments (port 8101)"
        return errors.UnavailableError(f"{address}: another service answers; is it the other plane's address? {ports}")
    return error_of(code, details, _named(error))


def call_failure(code: int, message: str) -> errors.PretzelError:
    """Return the error that stands in a part of an answer, by the number of its code."""
    return error_of(_NAMES.get(code, "UNKNOWN"), message)


def error_of(code: str, message: str, name: str = "") -> errors.PretzelError:
    """Return the error of a code's name; where a server names the very class, that one."""
    kind = _BY_CODE.get(code)
    named = getattr(errors, name, None) if name else None
    if isinstance(named, type) and issubclass(named, errors.PretzelError) and named.code == code:
        return named(message)
    return kind(message) if kind else errors.PretzelError(f"{code.lower()}: {message}")


def _named(error: Any) -> str:
    """The class that a server of ours says it raised; several share a code."""
    return str(dict(error.trailing_metadata() or ()).get("pretzel-error", ""))
