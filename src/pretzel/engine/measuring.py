"""Measure the time of each kernel of a plan, inside its program and over given rows."""

from __future__ import annotations

from typing import Any

from pretzel.engine.executable import Executable
from pretzel.errors import InputError
from pretzel.plan.plan import Plan

ROUNDS = 15
"""Runs after the first, which warms up; the fastest of each kernel counts, because it has the least interference."""


def measure(executable: Executable, plan: Plan, bound: list[Any], rows: int) -> dict[str, float]:
    """Return the seconds per row of each stage of a plan over these rows, by its fingerprint.

    ``executable`` runs ``plan`` alone, and ``bound`` holds the columns as for :meth:`Executable.run_bound`.
    The overhead of a program's call is not included.

    Raises:
        InputError: the plan rejects a row, or no rows are given.
    """
    if not rows:
        raise InputError("0 rows: expected at least one to measure")
    runs = [executable.profile_bound(bound, rows, tuple(executable.outputs)) for _ in range(ROUNDS + 1)][1:]
    best = [min(step.seconds for step in steps) for steps in zip(*runs, strict=True)]
    return {stage.fingerprint: seconds / rows for stage, seconds in zip(plan.stages, best, strict=True)}
