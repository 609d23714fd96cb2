"""Requests, one call of one, and the interface of a transport."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

OK = "OK"
UNAVAILABLE, DEADLINE, INTERNAL = "UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL"


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose bytes are ready."""

    model: str
    rows: int
    path: str
    """The full name of a gRPC method, or the path of a URL."""
    body: bytes
    """The message, or the JSON."""


class Call:
    """One call; times are those of :func:`time.perf_counter`."""

    __slots__ = ("body", "due", "message", "origin", "request", "status")

    def __init__(self, request: Any, due: float) -> None:
        """Begin a call of a transport's request, due at a time."""
        self.request, self.due = request, due
        self.status, self.message, self.body, self.origin = "", "", 0, 0


Done = Callable[[Call, float], None]
"""Called with a call whose status is known, and the time."""


class Transport(Protocol):
    """Connections to one server.

    A transport never blocks, repeats no call, and gives every call that it took to ``done``, once.
    """

    done: Done

    def prepare(self, request: Request) -> Any:
        """Return a request in the form that :class:`Call` takes."""

    async def open(self) -> None:
        """Connect.

        Raises:
            PretzelError: the server cannot be reached, or speaks another protocol.
        """

    def has_room(self) -> bool:
        """Return whether a call can be sent now."""

    def send(self, call: Call) -> None:
        """Take a call; it is on its way after the next :meth:`flush`."""

    def flush(self) -> None:
        """Send the calls that were taken."""

    def expire(self, before: float) -> None:
        """End the calls that were due before a time, with DEADLINE_EXCEEDED."""

    async def close(self) -> None:
        """Close the connections."""
