"""Where and in which order requests run: pure functions from facts to a decision, tested by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

PATIENCE = 4.0
"""Seconds that a request yields to cheaper ones, for each second that it is expected to take."""
LONGEST = 10.0
"""Seconds of the longest run that the order knows; so no request yields for longer than :data:`PATIENCE` times this."""
CHEAPER = 4.0
"""How many times cheaper than all that runs a request must be for the reserved thread to take it."""
CERTAIN = 0.9
"""The part of the time to a deadline that a request may be expected to use: estimates err, and answers travel."""
SMALL_BYTES = 1 << 20
"""What a request on the event loop may allocate; larger ones run on threads, where their memory is counted."""


class Decision(Enum):
    """What becomes of a request."""

    INLINE = "run at once on the event loop"
    EXECUTE = "run on an executor thread"
    FULL = "refuse: the queue is full"
    CROWDED = "refuse: this model fills its share of the queue"
    LATE = "refuse: the deadline passed"
    HOPELESS = "refuse: the deadline would pass before the request could end"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the policy may use."""

    inline_seconds: float
    """The longest that the event loop may be held."""
    queue: int
    """How many requests may wait for executors or run on them."""
    memory: int = 1 << 30
    """Bytes that all running requests together may allocate."""
    answer: int = 64 << 20
    """Bytes of the largest answer."""

    @property
    def share(self) -> int:
        """How many of those may be of one model, so that no model starves the others."""
        return max(1, self.queue // 2)


class Facts(NamedTuple):
    """What is known of a request when it comes."""

    expected: float
    """Seconds of processor time that it is expected to take."""
    remaining: float | None = None
    """Seconds to its deadline; None where it has none."""
    bytes: int = 0
    """What it is expected to allocate."""


def choose(facts: Facts, wait: float, queued: int, own: int, limits: Limits) -> Decision:
    """Return what to do with a request.

    Args:
        facts: of the request.
        wait: seconds it is expected to wait for a thread and to run there; 0 where a thread is free.
        queued: requests that wait for executors or run on them.
        own: how many of those are of the same model.
        limits: the worker's.
    """
    if facts.remaining is not None and facts.remaining <= 0:
        return Decision.LATE
    if is_small(facts.expected, facts.bytes, limits):
        return Decision.INLINE  # even before the queue: it is over sooner than the hand-off would be
    if queued >= limits.queue:
        return Decision.FULL
    if own >= limits.share:
        return Decision.CROWDED
    return Decision.HOPELESS if is_hopeless(wait, facts.remaining) else Decision.EXECUTE


def is_small(expected: float, size: int, limits: Limits) -> bool:
    """Return whether a request of so many seconds and bytes may hold the event loop."""
    return expected <= limits.inline_seconds and size <= SMALL_BYTES and size <= limits.memory


def is_hopeless(wait: float, remaining: float | None) -> bool:
    """Return whether a request that ends in ``wait`` seconds would be late; a wait of 0 is no wait."""
    return remaining is not None and 0 < CERTAIN * remaining < wait


def priority(arrival: float, expected: float) -> float:
    """Return the place of a request in the queue; the least is first.

    A request is overtaken only by cheaper ones, and by none that comes more than ``PATIENCE * expected`` seconds later.
    """
    return arrival + PATIENCE * min(expected, LONGEST)


def is_cheaper(expected: float, running: Iterable[float]) -> bool:
    """Return whether the reserved thread may take a request beside what runs: it is much cheaper than each of those."""
    least = min(running, default=0.0)
    return expected * CHEAPER <= least
