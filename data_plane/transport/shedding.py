"""Sheds load: refuses predictions that waited too long for the event loop, while an overload lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.transport.delay import Delay
from pretzel.data_plane.transport.limits import Limits
from pretzel.data_plane.transport.methods import Method, Methods
from pretzel.data_plane.transport.refusing import refuse_all
from pretzel.data_plane.transport.status import Header, status_fields
from pretzel.errors import ExhaustedError
from pretzel.serving.errors import status_of

if TYPE_CHECKING:
    from pretzel.data_plane.transport.connection import Connection

log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.1
"""Delay that is suggested to a client whose call is refused."""
TURN = 0.25
"""Part of the bound that the segments of one round may take together."""
CROWDED = 0.25
"""Part of that time which remains while a client has used all its streams: it probably queues more calls, and all of
them must be read before they are too old."""
LOG_SECONDS = 10.0
"""Least time between two reports in the log."""
REASON = "delay"


def _refusal() -> tuple[Header, ...]:
    error = ExhaustedError("this worker is overloaded; retry later, or on another worker")
    error.retry_after = RETRY_SECONDS
    status = status_of(error)
    kind = (b":status", b"200"), (b"content-type", b"application/grpc")
    return (*kind, *status_fields(status.code, status.message, status.metadata))


REFUSAL = _refusal()
"""The header fields of a refused call, besides its identifier and what is attached."""


def header_block(fields: tuple[Header, ...]) -> bytes:
    """Return fields as a header block that leaves the table of the compression as it is."""
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in fields)


def _text(text: bytes) -> bytes:
    size = len(text) if len(text) < 0x7F else 0x7F
    more, digits = len(text) - 0x7F, b""
    while more > 0x7F:
        digits, more = digits + bytes([0x80 | more & 0x7F]), more >> 7
    return bytes([size]) + (digits + bytes([more]) if more >= 0 else b"") + text


class Shedding:
    """The overload of one process, and the calls that it refuses."""

    def __init__(self, methods: Methods, limits: Limits, tally: Tally) -> None:
        self._methods, self.bound, self.streams = methods, limits.delay_seconds, limits.streams
        self._tally = tally
        self.delay = Delay()
        self._reported = 0, 0.0

    def share(self, calls: int) -> float:
        """Return the seconds for the answers to a segment of a connection with so many open calls, and those in it."""
        delay = self.delay
        delay.crowds |= calls >= self.streams
        share = self.bound * TURN / max(1, delay.segments)
        return share * CROWDED if delay.crowded or delay.crowds else share

    def method_of(self, fields: tuple[Header, ...]) -> Method | None:
        """Return the method of a call if it may be refused; those of other services, such as health, may not."""
        method = self._methods.known(next((value for name, value in fields if name == b":path"), b""))
        return method if method is not None and method.is_prediction else None

    def refuse_from(self, connection: Connection, events: list[Any], begin: int, method: Method) -> list[Any]:
        """Refuse the calls of a method from an event on, and return the other events.

        The later ones wait even longer, so that one decision is enough for all.
        """
        attached = connection.sender.pending
        count, others = refuse_all(connection.engine, events, begin, method.path, REFUSAL, attached)
        if count:
            connection.sender.note_sent()
        self.count(method, count)
        return others

    def count(self, method: Method, calls: int = 1) -> None:
        """Count refused calls; their models are unknown, as nothing was decoded."""
        self._tally.rejected[REASON] += calls
        self._tally.errors[method.name, "other", "RESOURCE_EXHAUSTED"] += calls

    def report(self, now: float) -> None:
        """Log what was refused since the last report, if that was a while ago."""
        total, (before, at) = self._tally.rejected[REASON], self._reported
        if total > before and now - at >= LOG_SECONDS:
            self._reported = total, now
            log.warning("refused calls, because they waited too long", calls=total - before, bound=self.bound)
