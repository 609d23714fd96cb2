"""Rollouts: an alias that moves to another version in steps, and the rules by which it advances or rolls back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

from pretzel.errors import InputError
from pretzel.plan.traffic import SLOTS, percent

RUNNING, PAUSED = "running", "paused"
PROMOTED, ROLLED_BACK, ABORTED, ENDED = "promoted", "rolled back", "aborted", "ended"
LASTING = (RUNNING, PAUSED)
"""The states of a rollout that has not ended."""
MOST_STEPS = 100
MOST_SECONDS = 366 * 86_400.0
"""Longest time of a step."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The conditions by which a rollout advances or rolls back; 0 turns one off.

    All compare what both versions did in the present step.
    """

    calls: int = 100
    """Calls to the new version in a step before anything is decided about it."""
    errors: float = 0.01
    """Largest part of its calls that may fail, or be refused as invalid, beyond that of the version before."""
    all_errors: float = 0.5
    """Largest part of its calls that may fail by the server or the model, whatever the version before does."""
    latency: float = 2.0
    """Largest ratio of the 99th percentiles of the durations of both versions."""
    slack: float = 0.005
    """Seconds of difference of these percentiles that are allowed, whatever the ratio."""
    disagreement: float = 0.05
    """Largest part of compared answers that differ from those of the version before."""
    patience: float = 0.0
    """Seconds after which a step with too few calls rolls back; 0: it waits."""

    def check(self) -> None:
        """Check the numbers.

        Raises:
            InputError: one is out of its range.
        """
        for field in fields(self):
            value, most = getattr(self, field.name), _MOST.get(field.name, math.inf)
            if not 0 <= value <= most or not math.isfinite(value):
                at_most = f" to {most:g}" if most < math.inf else ""
                raise InputError(f"rollout: {field.name} is {value}; expected a number from 0{at_most}")
        if self.calls < 1:
            raise InputError("rollout: calls is 0; expected 1 at least, for without calls nothing can be decided")


_MOST = {"errors": 1.0, "all_errors": 1.0, "disagreement": 1.0, "calls": 10**12, "patience": MOST_SECONDS}


USUAL = Rules()
"""The rules of a rollout that names none."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The calls of one version in a step."""

    calls: int = 0
    """Calls that were answered or failed."""
    faults: int = 0
    """Those that failed by the server or the model."""
    refusals: int = 0
    """Those that the version refused as invalid."""
    p99: float = 0.0
    """The 99th percentile of the durations of answered calls, in seconds; 0 without any."""

    @property
    def errors(self) -> float:
        """The part of the calls that was not answered."""
        return (self.faults + self.refusals) / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about a rollout."""

    at: float
    """Seconds since the epoch."""
    step: int
    decision: str
    """``start``, ``advance``, ``promote``, ``roll back``, ``pause``, ``resume``, ``abort`` or ``end``."""
    reason: str
    by: str = ""
    """The identity that decided; empty for the rollout itself."""
    version: Figures = Figures()
    stable: Figures = Figures()


@dataclass(frozen=True, slots=True)
class Rollout:
    """One rollout."""

    model: str
    alias: str
    stable: int
    """The version before."""
    version: int
    """The new version."""
    steps: tuple[int, ...]
    """Its shares, growing, in hundredths of a percent; the last is the whole."""
    every: float
    """Seconds that each step lasts at least."""
    rules: Rules = Rules()
    id: int = 0
    status: str = RUNNING
    step: int = 0
    began: float = 0.0
    """Time at which the present step began."""
    by: str = ""
    started: float = 0.0
    ended: float = 0.0
    reason: str = ""
    """Of the last decision."""
    decisions: tuple[Decision, ...] = ()

    @property
    def lasts(self) -> bool:
        """True until it has ended."""
        return self.status in LASTING

    @property
    def shares(self) -> dict[int, int]:
        """The shares of both versions in the present step, in hundredths of a percent."""
        share = self.steps[self.step]
        return {self.stable: SLOTS - share, self.version: share} if share < SLOTS else {self.version: SLOTS}


def check_steps(steps: Sequence[int], every: float) -> None:
    """Check the steps of a rollout.

    Raises:
        InputError: they do not grow to the whole, the first is the whole, or the time is out of its range.
    """
    given = ", ".join(map(percent, steps[:10]))
    if len(steps) > MOST_STEPS:
        raise InputError(f"rollout: {len(steps)} steps; at most {MOST_STEPS} are accepted")
    if (
        len(steps) < 2
        or steps[-1] != SLOTS
        or steps[0] < 1
        or any(b <= a for a, b in zip(steps, steps[1:], strict=False))
    ):
        raise InputError(
            f"rollout: the steps are {given or 'none'}; expected growing percents that end with 100, as 1, 10, 100"
        )
    if not 0 < every <= MOST_SECONDS:
        raise InputError(f"rollout: a step of {every} s; expected more than 0, and {MOST_SECONDS:.0f} at most")
