"""A request at its turn: alone, or together with others of its plan as one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pretzel.data_plane.scheduling.cost import Cost
from pretzel.data_plane.scheduling.policy import Decision, is_hopeless
from pretzel.data_plane.scheduling.queue import ExecutorQueue
from pretzel.data_plane.scheduling.row_costs import RowCosts
from pretzel.data_plane.scheduling.task import Outcome
from pretzel.engine import Helpers
from pretzel.engine.footprint import Need
from pretzel.errors import DeadlineError
from pretzel.kernels.program import Token

Result = tuple[Decision, float, Any]
"""The decision at the turn, the seconds that the request waited, and its answer or what explains the rejection."""
ALONE = object()
"""In place of the answer of a job that must run alone: the model rejects one of its rows."""


class Job(Protocol):
    """One request on its way through the engine, whatever form its columns have."""

    cost: Cost
    size: int
    """Bytes of its columns."""
    rows: int
    need: Need
    deadline: float
    """A time of the engine's clock; 0 for none."""
    level: int
    """Its place among requests of the same model: the smallest goes first."""
    waits: bool
    """It is not refused for its wait: it is a message of a stream, which is slowed down instead."""
    program: object
    """Jobs of the same one may run as one; None for a job that runs alone."""

    def compute(self, token: Token, most: int, helpers: Helpers | None = None) -> Any:
        """Run, measure the run, and return the response.

        Args:
            token: stops the run once its caller has cancelled.
            most: bytes that the run may allocate beyond dense numbers; 0 if it allocates nothing else.
            helpers: other threads for a run over many rows.
        """

    def compute_with(self, others: Sequence[Any], token: Token, deadline: float) -> Sequence[Any]:
        """Run as one with other jobs of the same program, and return for each its response, its error, or ALONE."""


class Turn:
    """The work of one request, for the queue."""

    __slots__ = ("_clock", "_shared", "_expected", "_most", "_queue", "_token", "_width", "cancelled", "job")

    def __init__(
        self, job: Job, expected: float, most: int, width: int, queue: ExecutorQueue, clock: Callable[[], float]
    ) -> None:
        """Prepare a run of ``expected`` seconds, on up to ``width`` threads, with at most ``most`` bytes."""
        self.job, self._expected, self._most, self._width = job, expected, most, width
        self._queue, self._clock, self._token = queue, clock, Token()
        self._shared: SharedRun | None = None
        self.cancelled = False

    @property
    def key(self) -> object:
        """Turns of the same one may be taken as one; None if this one may not."""
        return self.job.program

    @property
    def rows(self) -> int:
        """Rows of the request."""
        return self.job.rows

    @property
    def copied(self) -> int:
        """Bytes that a run with others copies."""
        return self.job.size

    @property
    def deadline(self) -> float:
        """The request's deadline; 0 for none."""
        return self.job.deadline

    @property
    def waits(self) -> bool:
        """True if it is not refused for its wait."""
        return self.job.waits

    @property
    def costs(self) -> RowCosts:
        """Seconds per row of its plan."""
        return self.job.cost.by_rows

    def __call__(self, waited: float) -> Result:
        """Run on a thread, unless the thread was free too late."""
        remaining = self._remaining()
        takes = self._queue.pace.seconds(self._expected)
        if remaining is not None and remaining <= 0:
            return Decision.LATE, waited, (takes, remaining)
        if self._queue.is_crowded and is_hopeless(takes, remaining):
            return Decision.HOPELESS, waited, (takes, remaining)
        helpers = Helpers(self._queue.team, self._width, counts=False)
        try:
            return Decision.EXECUTE, waited, self.job.compute(self._token, self._most, helpers)
        finally:
            self._queue.note_help(helpers.helped)

    def cancel(self) -> None:
        """Stop the run, if no other request is part of it."""
        self.cancelled = True
        self._token.cancel()
        if self._shared is not None:
            self._shared.leave(self)

    def take_with(self, others: Sequence[Turn], waits: Sequence[float]) -> list[Outcome]:
        """Take the turns as one, and return the outcome of each; after an error, each runs alone and has its own.

        A request whose deadline has passed is late, and no part of the run.
        """
        turns = [self, *others]
        together = [turn for turn in turns if not turn._is_over()]
        try:
            answers = dict(zip(together, SharedRun(together).run(), strict=True)) if len(together) > 1 else {}
        except Exception:
            answers = {}
        return [turn._outcome(waited, answers.get(turn, ALONE)) for turn, waited in zip(turns, waits, strict=True)]

    def _outcome(self, waited: float, answer: Any) -> Outcome:
        if answer is ALONE:
            return self._alone(waited)
        if isinstance(answer, BaseException):
            return None, answer
        if self._is_over():
            return None, DeadlineError("the deadline passed during the run")
        return (Decision.EXECUTE, waited, answer), None

    def _alone(self, waited: float) -> Outcome:
        try:
            return self(waited), None
        except BaseException as error:  # every error must reach its caller
            return None, error

    def _is_over(self) -> bool:
        remaining = self._remaining()
        return self.cancelled or (remaining is not None and remaining <= 0)

    def _remaining(self) -> float | None:
        return self.job.deadline - self._clock() if self.job.deadline else None


class SharedRun:
    """Requests in one run, which stops once all of them are cancelled or late."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns, self._left, self._token = turns, set(turns), Token()
        for turn in turns:
            turn._shared = self
            if turn.cancelled:
                self.leave(turn)

    def leave(self, turn: Turn) -> None:
        """Go on without a request; its answer will be dropped."""
        self._left.discard(turn)
        if not self._left:
            self._token.cancel()

    def run(self) -> Sequence[Any]:
        """Return what each job returns."""
        jobs = [turn.job for turn in self._turns]
        deadlines = [job.deadline for job in jobs]
        try:
            return jobs[0].compute_with(jobs[1:], self._token, max(deadlines) if all(deadlines) else 0.0)
        finally:
            for turn in self._turns:
                turn._shared = None
