"""The effects that an operation can request.

An operation (a prediction, a deployment) is a generator: it yields effects, receives their results, and returns
its own.  It performs no I/O itself, so the blocking and the asyncio clients run the same operations.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.message import Message

T = TypeVar("T")


@dataclass(slots=True)
class UnaryCall:
    """Call a method that returns one response; an iterable of requests is sent as a stream.

    If the same call is performed again, another connection is used.
    """

    method: str
    request: Message | Iterable[Message] | bytes
    place: int | None = None
    """The connection of the last attempt."""


@dataclass(frozen=True, slots=True)
class StreamCall:
    """Call a method that returns a stream of responses, and pass each to ``accept`` as it arrives."""

    method: str
    request: Message | Iterable[Message]
    accept: Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class ParallelStreams:
    """Run several stream calls concurrently, each over its own connection; the first failure ends all."""

    calls: Sequence[StreamCall]


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait before the next attempt; the answer is whether time is left for it."""

    seconds: float
    whole: bool = False
    """Do not wait at all if the deadline would pass."""

    def within(self, timeout: float | None) -> tuple[float, bool]:
        """Return the seconds to wait with so many seconds left, and the answer."""
        if timeout is None or self.seconds < timeout:
            return self.seconds, True
        return (0.0 if self.whole else max(0.0, timeout)), False


@dataclass(frozen=True, slots=True)
class RunBlocking:
    """Run a long computation outside the event loop."""

    function: Callable[[], Any]


Effect = UnaryCall | StreamCall | ParallelStreams | Sleep | RunBlocking
CALLS = UnaryCall | StreamCall | ParallelStreams
"""The effects that need a server."""
Operation = Generator[Effect, Any, T]

ATTEMPTS = 5


def backoff(attempt: int) -> Sleep:
    """Return the wait after failed attempt number ``attempt``, from 0: exponential backoff with jitter."""
    return Sleep(random.uniform(0.5, 1.0) * min(0.1 * 2**attempt, 2.0))
