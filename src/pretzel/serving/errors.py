"""Maps errors to gRPC statuses, the same for the servers of both planes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any, NamedTuple

import grpc
import structlog
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status as RpcStatus

from pretzel.errors import PretzelError, brief
from pretzel.serving.log_limit import KINDS, REFUSED
from pretzel.serving.shortage import is_shortage

log = structlog.get_logger(__name__)

DOMAIN = "pretzel"
"""The domain of the reasons in ``google.rpc.ErrorInfo``."""
ERROR_KEY = "pretzel-error"
"""Metadata with the class of an error: several classes share a code."""
DETAILS_KEY = "grpc-status-details-bin"
"""Metadata with the same content as a ``google.rpc.Status``, for clients in other languages."""
MOST_DETAILED = 1000
"""Bytes of the longest message that is also sent in the details: peers accept 8 KiB of headers."""
RETRY_SECONDS = 1
"""Delay that the details of UNAVAILABLE suggest: most reasons for it pass, or concern one worker of several."""
_faults: dict[tuple[object, ...], str] = {}
NO_RESOURCES = "this server has no memory, thread or descriptor left; try another"


class Status(NamedTuple):
    """The final status of a call."""

    code: grpc.StatusCode
    message: str
    reason: str
    """Class of the error; ``INTERNAL_FAULT`` for a fault of the server."""
    fault: str = ""
    """Identifier under which the log describes a fault of the server."""
    field: str = ""
    """The field of the request that is wrong, where it is known."""
    retry_after: float | None = None
    """Seconds after which the same request may succeed, here or elsewhere."""

    @property
    def retry_delay(self) -> Duration | None:
        """Return the delay that is suggested to the client; None if a retry does not help."""
        seconds = RETRY_SECONDS if self.code is grpc.StatusCode.UNAVAILABLE else self.retry_after
        return None if seconds is None else Duration(seconds=int(seconds), nanos=int(seconds % 1 * 10**9))

    @property
    def metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        """Return the trailing metadata."""
        pairs = ((ERROR_KEY, self.reason),)
        if len(self.message.encode()) > MOST_DETAILED:
            return pairs
        status = RpcStatus(code=self.code.value[0], message=self.message, details=map(_packed, self._details()))
        return (*pairs, (DETAILS_KEY, status.SerializeToString()))

    def _details(self) -> Iterator[Message]:
        yield ErrorInfo(reason=self.reason, domain=DOMAIN, metadata={"fault": self.fault} if self.fault else {})
        if self.field:
            violation = BadRequest.FieldViolation(field=self.field, description=self.message)
            yield BadRequest(field_violations=[violation])
        if self.retry_delay is not None:
            yield RetryInfo(retry_delay=self.retry_delay)

    async def abort(self, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        """End a call with this status."""
        await context.abort(self.code, self.message, self.metadata)


def status_of(error: Exception) -> Status:
    """Return the status of an error.

    Any error that is not a PretzelError is a fault of the server: the caller gets an identifier, and the log has the
    traceback under it.  While a fault repeats too fast for the log, its callers get the last identifier logged for it.
    """
    if isinstance(error, PretzelError) and error.code != "INTERNAL":
        return Status(
            grpc.StatusCode[error.code],
            brief(error),
            type(error).__name__,
            field=getattr(error, "field", ""),
            retry_after=getattr(error, "retry_after", None),
        )
    if is_shortage(error):
        REFUSED.write(log.error, "a call failed for lack of memory, threads or descriptors", error=repr(error))
        return Status(grpc.StatusCode.UNAVAILABLE, NO_RESOURCES, "UnavailableError")
    fault = _logged(error)
    message = f"internal error {fault}; the server's log describes it under this identifier"
    return Status(grpc.StatusCode.INTERNAL, message, "INTERNAL_FAULT", fault)


def _logged(error: Exception) -> str:
    """Log a fault, and return its identifier in the log."""
    fault, place = secrets.token_hex(6), _place(error)
    if not REFUSED.write(log.error, "a call failed by a fault of the server", kind=place, fault=fault, exc_info=error):
        return _faults.get(place, fault)
    if len(_faults) >= KINDS:
        _faults.clear()
    _faults[place] = fault
    return fault


def _place(error: Exception) -> tuple[object, ...]:
    """Return the type of an error and the line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (type(error), trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace else (type(error),)


def _packed(message: Message) -> AnyMessage:
    detail = AnyMessage()
    detail.Pack(message)
    return detail
