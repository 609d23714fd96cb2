"""How long each kernel of a plan takes, measured inside its program over rows that were given."""

from __future__ import annotations

from typing import Any

from pretzel.engine.executable import Executable
from pretzel.errors import InputError
from pretzel.plan.plan import Plan

ROUNDS = 15
"""Runs after the first, which warms up; the fastest of each kernel counts, since nothing else makes it fast."""


def measure(executable: Executable, plan: Plan, bound: list[Any], rows: int) -> dict[str, float]:
    """Return the seconds a row that each stage of a plan takes over these rows, by its fingerprint.

    ``executable`` is what runs ``plan`` alone, and ``bound`` the columns as :meth:`Executable.run_bound` takes them.
    The time to call a program at all is in no stage.

    Raises:
        InputError: the plan refuses a row, or there are none.
    """
    if not rows:
        raise InputError("0 rows: expected a row to measure")
    runs = [executable.profile_bound(bound, rows, tuple(executable.outputs)) for _ in range(ROUNDS + 1)][1:]
    best = [min(step.seconds for step in steps) for steps in zip(*runs, strict=True)]
    return {stage.fingerprint: seconds / rows for stage, seconds in zip(plan.stages, best, strict=True)}
