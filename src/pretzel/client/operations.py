"""What an operation may ask of the outside world.

An operation (a prediction, a deployment) is a generator: it yields effects, is sent their answers, and returns its
result.  It does no input or output itself, so the blocking and the asyncio clients run the same ones.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.message import Message

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UnaryCall:
    """Call a method that gives one answer; several requests make a stream."""

    method: str
    request: Message | Iterable[Message]


@dataclass(frozen=True, slots=True)
class StreamCall:
    """Call a method that gives a stream of answers, and hand each to ``accept`` as it comes."""

    method: str
    request: Message | Iterable[Message]
    accept: Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class ParallelStreams:
    """Listen to several calls side by side, each over a connection of its own; one that fails ends all."""

    calls: Sequence[StreamCall]


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait before the next attempt."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RunBlocking:
    """Compute something long, where an event loop must not wait for it."""

    function: Callable[[], Any]


Effect = UnaryCall | StreamCall | ParallelStreams | Sleep | RunBlocking
Operation = Generator[Effect, Any, T]

ATTEMPTS = 5


def backoff(attempt: int) -> Sleep:
    """Return how long to wait after a failed attempt, the first being 0: longer each time, and never two alike."""
    return Sleep(random.uniform(0.5, 1.0) * min(0.1 * 2**attempt, 2.0))
