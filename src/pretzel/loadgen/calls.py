"""Requests, calls of them, and the interface of a transport."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

OK = "OK"
UNAVAILABLE, DEADLINE, INTERNAL = "UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL"
LATE = "no answer before the deadline"
UNLIMITED = 1 << 31


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose bytes are ready."""

    model: str
    rows: int
    path: str
    """The full name of a gRPC method, or the path of a URL."""
    body: bytes
    """The message, or the JSON."""


Call = tuple[float, int]
"""The time at which a call is due, by :func:`time.perf_counter`, and the position of its request."""
Answered = Callable[[Sequence[Call], float], None]
"""Called with the calls whose answers were read together, and the time."""
Failed = Callable[[Call, str, str, float], None]
"""Called with a call that failed, its status, a message, and the time."""


class Transport(Protocol):
    """Connections to one server.

    A transport never blocks, repeats no call, and reports every call that it took once: as answered or as failed.
    Calls are sent and reported many at once, because a call takes a few microseconds.
    """

    answered: Answered
    failed: Failed

    def prepare(self, requests: Sequence[Request]) -> None:
        """Take the requests that calls refer to."""

    async def open(self) -> None:
        """Connect.

        Raises:
            PretzelError: the server cannot be reached, or speaks another protocol.
        """

    def room(self) -> int:
        """Return how many calls the server allows now."""

    def send(self, calls: Sequence[Call]) -> None:
        """Send calls, in the order of the times at which they are due."""

    def expire(self, before: float) -> None:
        """End the calls that were due before a time, with DEADLINE_EXCEEDED."""

    async def close(self) -> None:
        """Close the connections."""
