"""The delay before a retry that a server suggests: ``google.rpc.RetryInfo`` in the details of a status.

The messages of ``google.rpc`` are in a package that the SDK does not need: their fields are read by number.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

DETAILS_KEY = "grpc-status-details-bin"
RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
_STATUS_DETAILS, _RETRY_DELAY = 3, 1


def retry_after(error: Any) -> float | None:
    """Return the seconds that the server of a failed call suggests; None if it does not suggest a retry."""
    details = dict(error.trailing_metadata() or ()).get(DETAILS_KEY)
    try:
        return _delay_in(details) if isinstance(details, bytes) else None
    except DecodeError:
        return None


def seconds_of(delay: Duration) -> float:
    """Return a delay in seconds; one before now is none."""
    return max(0.0, delay.seconds + delay.nanos / 1e9)


def _delay_in(details: bytes) -> float | None:
    for packed in map(AnyMessage.FromString, _messages(details, _STATUS_DETAILS)):
        if packed.type_url == RETRY_INFO:
            delays = map(Duration.FromString, _messages(packed.value, _RETRY_DELAY))
            return sum(map(seconds_of, delays))
    return None


def _messages(data: bytes, field: int) -> list[bytes]:
    """Return the bytes of each message in a field of a message of another type."""
    fields: Any = UnknownFieldSet(Empty.FromString(data))
    return [part.data for part in fields if part.field_number == field and isinstance(part.data, bytes)]
