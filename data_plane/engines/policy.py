"""Where a request runs: a pure function from facts to a decision, so that it can be read and tested by itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Decision(Enum):
    """What becomes of a request."""

    INLINE = "run at once on the event loop"
    EXECUTE = "run on an executor thread"
    FULL = "refuse: the queue is full"
    CROWDED = "refuse: this model fills its share of the queue"
    LATE = "refuse: the deadline passed"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the policy may use."""

    inline_seconds: float
    """The longest that the event loop may be held."""
    queue: int
    """How many requests may wait for executors or run on them."""

    @property
    def share(self) -> int:
        """How many of those may be of one model, so that no model starves the others."""
        return max(1, self.queue // 2)


def choose(expected: float, remaining: float | None, queued: int, own: int, limits: Limits) -> Decision:
    """Return what to do with a request.

    Args:
        expected: seconds it is expected to take.
        remaining: seconds to its deadline; None where it has none.
        queued: requests that wait for executors or run on them.
        own: how many of those are of the same model.
        limits: the worker's.
    """
    if remaining is not None and remaining <= 0:
        return Decision.LATE
    if expected <= limits.inline_seconds:
        return Decision.INLINE  # even before the queue: it is over sooner than the hand-off would be
    if queued >= limits.queue:
        return Decision.FULL
    if own >= limits.share:
        return Decision.CROWDED
    return Decision.EXECUTE
