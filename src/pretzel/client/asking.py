"""Calls of workers, repeated on another connection if they fail there: every prediction is safe to repeat."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pretzel.client.blocks import Part
from pretzel.client.budget import SHARE, RetryBudget
from pretzel.client.failures import (
    CancelledByServerError,
    MismatchError,
    OtherServiceError,
    UnreachedError,
    call_failure,
    explained,
)
from pretzel.client.operations import ATTEMPTS, Operation, ParallelStreams, Sleep, StreamCall, UnaryCall
from pretzel.errors import DeadlineError, ExhaustedError, PretzelError, UnavailableError
from pretzel.v1 import prediction_pb2 as pb

REFUSAL = 0.05
"""Cost of the repetition of a call that a worker refused at once: it drains, or lacks a catalog, a model or memory.

One of two workers may refuse every call, for hours.  gRPC may choose it again and again, so there are more attempts.
"""
REFUSED_ATTEMPTS = 12
LONGEST, LONGEST_REFUSED = 1.6, 0.4
"""Longest wait before an attempt, in seconds."""
STREAMS = 4
"""Number of streams for one large input."""


def is_repeatable(error: PretzelError) -> bool:
    """Return whether another worker, or the same one later, may answer the call that failed."""
    if isinstance(error, ExhaustedError):
        return error.retry_after is not None
    permanent = isinstance(error, (MismatchError, OtherServiceError))
    return isinstance(error, (UnavailableError, CancelledByServerError)) and not permanent


class Attempts:
    """The failed attempts of one call."""

    def __init__(self, budget: RetryBudget) -> None:
        self._budget, self.failed = budget, 0
        self.last: PretzelError | None = None
        """The failure that led to the present attempt."""

    def again(self, error: PretzelError) -> Operation[None]:
        """Wait before the next attempt; raise the error if there is none."""
        if isinstance(error, DeadlineError):
            raise explained(error, self.last) from None
        refused = isinstance(error, UnavailableError) and not isinstance(error, UnreachedError)
        self.failed += 1
        if not is_repeatable(error) or self.failed >= (REFUSED_ATTEMPTS if refused else ATTEMPTS):
            raise error
        if not self._budget.take(REFUSAL if refused else 1.0):
            error.args = (f"{error}; not repeated: the retries of this client exceed {SHARE:.0%} of its calls",)
            raise error
        if not (yield Sleep(_delay(error, self.failed, LONGEST_REFUSED if refused else LONGEST), whole=True)):
            raise error
        self.last = error


def _delay(error: PretzelError, failed: int, most: float) -> float:
    """Return the seconds before the next attempt: those that the server asks for, or more."""
    backoff = random.uniform(0.5, 1.0) * min(0.025 * 4.0 ** (failed - 1), most)
    return max(backoff, _hint(error) * random.uniform(1.0, 1.5))


def _hint(error: object) -> float:
    """Return the delay that the server of a failed call suggests."""
    return getattr(error, "retry_after", None) or 0.0


def ask(budget: RetryBudget, method: str, request: Any) -> Operation[Any]:
    """Call a method that returns one response, and repeat the call as long as that may help."""
    budget.earn()
    return (yield from _perform(budget, UnaryCall(method, request)))


def _perform(budget: RetryBudget, call: UnaryCall) -> Operation[Any]:
    try:
        return (yield call)
    except PretzelError as error:
        return (yield from repeat(budget, call, error))


def repeat(budget: RetryBudget, call: UnaryCall, error: PretzelError) -> Operation[Any]:
    """Repeat a call that has failed."""
    attempts = Attempts(budget)
    while True:
        yield from attempts.again(error)
        try:
            return (yield call)
        except PretzelError as failure:
            error = failure


def ask_each(
    budget: RetryBudget, call: Callable[[list[int]], UnaryCall], read: Callable[[Any, int], list[Part]], count: int
) -> Operation[list[Part]]:
    """Call a method for ``count`` things, whose response has a part for each; ``call`` asks for some of them.

    Those that an overloaded worker rejects with a hint are asked for again, as long as that may help; then their errors
    are their parts, because the others have answers.
    """
    budget.earn()
    parts = read((yield from _perform(budget, call(list(range(count))))), count)
    attempts = Attempts(budget)
    while full := [i for i, part in enumerate(parts) if isinstance(part, ExhaustedError) and is_repeatable(part)]:
        try:
            yield from attempts.again(max((parts[i] for i in full), key=_hint))  # type: ignore[arg-type]
            again = read((yield from _perform(budget, call(full))), len(full))
        except PretzelError:
            break
        for i, part in zip(full, again, strict=True):
            parts[i] = part
    return parts


def stream(
    budget: RetryBudget, request: Callable[[int], pb.PredictRequest], starts: Sequence[int]
) -> Operation[list[pb.PredictResponse]]:
    """Send pieces over a few streams; pieces without an answer after a broken stream are sent again.

    ``starts``: the first row of each piece.
    """
    answers: dict[int, pb.PredictResponse] = {}
    count, attempts = len(starts), Attempts(budget)
    budget.earn()
    while missing := [i for i in range(count) if i not in answers]:
        try:
            streams = range(min(STREAMS, len(missing)))
            yield ParallelStreams([_listen(request, missing[k::STREAMS], answers, starts) for k in streams])
        except PretzelError as error:
            if len(missing) > count - len(answers):
                attempts.failed = 0
            yield from attempts.again(error)
    return [answers[i] for i in range(count)]


def _listen(
    request: Callable[[int], pb.PredictRequest],
    ids: list[int],
    answers: dict[int, pb.PredictResponse],
    starts: Sequence[int],
) -> StreamCall:
    def requests() -> Iterator[pb.PredictStreamRequest]:
        for i in ids:
            yield pb.PredictStreamRequest(id=i, request=request(i))

    def accept(response: pb.PredictStreamResponse) -> None:
        if response.WhichOneof("result") != "response":
            raise call_failure(response.error, starts[response.id])
        answers[response.id] = response.response

    return StreamCall("PredictStream", requests(), accept)
