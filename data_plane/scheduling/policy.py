"""Scheduling policy: pure functions that decide where and in which order requests run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

PATIENCE = 4.0
"""Seconds that a request yields to cheaper ones, per second that it is expected to take."""
LONGEST = 10.0
"""Longest run in seconds that the order distinguishes: no request yields for more than :data:`PATIENCE` times this."""
CHEAPER = 4.0
"""The reserved thread takes a request only if it is this many times cheaper than every running one."""
CERTAIN = 0.9
"""Fraction of the time to its deadline that a request may be expected to use: estimates err, and responses travel."""
LONGEST_YIELD = PATIENCE * LONGEST
"""Seconds after its arrival until which a request leaves its turns to those of a better level."""
NORMAL = 1
"""Level of requests without a priority."""
SMALL_BYTES = 1 << 20
"""Bytes that a request on the event loop may allocate; larger ones run on threads, where their memory is counted."""


class Decision(Enum):
    """Outcome of scheduling one request."""

    INLINE = "run at once on the event loop"
    EXECUTE = "run on an executor thread"
    FULL = "reject: the queue is full"
    CROWDED = "reject: this model fills its share of the queue"
    LATE = "reject: the deadline passed"
    HOPELESS = "reject: the deadline would pass before the request could finish"
    DELAYED = "reject: it waits too long, or would, while an overload lasts"


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits that the policy enforces."""

    inline_seconds: float
    """Longest time that one request may hold the event loop."""
    queue: int
    """Number of requests that may wait for executors or run on them."""
    memory: int = 1 << 30
    """Bytes that all running requests together may allocate."""
    answer: int = 64 << 20
    """Largest response in bytes."""
    delay: float = 0.0
    """Seconds that a request may wait for a thread while an overload lasts; 0 for any time."""

    @property
    def share(self) -> int:
        """Part of the queue that one model may use, so that no model starves the others."""
        return max(1, self.queue // 2)


class Facts(NamedTuple):
    """Properties of a request at its arrival."""

    expected: float
    """Expected seconds of processor time."""
    remaining: float | None = None
    """Seconds to its deadline; None without a deadline."""
    bytes: int = 0
    """Expected allocation in bytes."""


def choose(facts: Facts, wait: float, queued: int, own: int, limits: Limits) -> Decision:
    """Return the decision for a request.

    Args:
        facts: properties of the request.
        wait: expected seconds to wait for a thread and to run there; 0 if a thread is free.
        queued: requests that wait for executors or run on them.
        own: those of the same model.
        limits: limits of the worker.
    """
    if facts.remaining is not None and facts.remaining <= 0:
        return Decision.LATE
    if is_small(facts.expected, facts.bytes, limits):
        return Decision.INLINE  # before the queue is checked: it ends sooner than the hand-off would
    if queued >= limits.queue:
        return Decision.FULL
    if own >= limits.share:
        return Decision.CROWDED
    return Decision.HOPELESS if is_hopeless(wait, facts.remaining) else Decision.EXECUTE


def is_small(expected: float, size: int, limits: Limits) -> bool:
    """Return whether a request of this cost and size may hold the event loop."""
    return expected <= limits.inline_seconds and size <= SMALL_BYTES and size <= limits.memory


def is_hopeless(wait: float, remaining: float | None) -> bool:
    """Return whether a request that ends in ``wait`` seconds would be late; a wait of 0 means that a thread is free."""
    return remaining is not None and 0 < CERTAIN * remaining < wait


def patience(expected: float, bound: float) -> float:
    """Return the seconds that a request may wait for a thread while an overload lasts: a long one waits longer."""
    return max(bound, PATIENCE * expected)


def priority(arrival: float, expected: float, backlog: float = 0.0) -> float:
    """Return the queue key of a request; the smallest runs first.

    ``backlog``: expected seconds of waiting requests of the same group, by its weight.  With them a request counts as
    one long request, so a group that sends many waits for them itself.  A request is overtaken only by those that
    arrive at most ``PATIENCE * (expected + backlog)`` seconds later.
    """
    return arrival + PATIENCE * min(expected + backlog, LONGEST)


class Rank(NamedTuple):
    """The place of a request among others of its group, which are alike: one plan and one choice of outputs."""

    group: object
    level: int = NORMAL
    """The smallest goes first."""
    weight: float = 1.0
    """Its share of the threads against other groups that wait."""


def level_of(priority: int) -> int:
    """Return the level for a priority of the Open Inference Protocol: 1 is the highest, 0 is none.

    Requests without a priority come after those of priority 1, and before those of 2 and more.
    """
    return NORMAL if priority == 0 else priority - (priority == 1)


def is_cheaper(expected: float, running: Iterable[float]) -> bool:
    """Return whether the reserved thread may take a request: it must be much cheaper than every running one."""
    least = min(running, default=0.0)
    return expected * CHEAPER <= least
