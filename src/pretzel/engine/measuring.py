"""How long each kernel of a plan takes, measured: the difference between programs that end before it and after it."""

from __future__ import annotations

import time
from typing import Any

from pretzel.engine.executable import Executable
from pretzel.errors import InputError
from pretzel.kernels.frame import Workspace
from pretzel.kernels.program import Program, Refused
from pretzel.plan.physical import Plan

ROUNDS = 7
_SECONDS = 0.002
"""A measurement lasts so long at least, that the clock costs nothing."""
MOST_STAGES = 500
"""Programs of all lengths take time that grows with the square of the number of stages."""


def measure(executable: Executable, plan: Plan, bound: list[Any], rows: int) -> dict[str, float]:
    """Return the seconds a row that each stage of a plan takes over these rows, by its fingerprint.

    ``executable`` is what runs ``plan`` alone, and ``bound`` the columns as :meth:`Executable.run_bound` takes them.
    The time to call a program at all is in no stage.

    Raises:
        InputError: the plan refuses a row; or there are none, or too many stages.
    """
    if not rows or len(plan.stages) > MOST_STAGES:
        raise InputError(f"{rows} rows, {len(plan.stages)} stages: expected a row, and at most {MOST_STAGES} stages")
    programs = [executable.prefix(count) for count in range(len(plan.stages) + 1)]
    workspace = Workspace()
    best = [float("inf")] * len(programs)
    try:
        calls = [_calls(program, workspace, bound, rows) for program in programs]
        for _ in range(ROUNDS):  # in turn, so that what else the machine does meets all alike
            for i, program in enumerate(programs):
                best[i] = min(best[i], _time(program, workspace, bound, rows, calls[i]))
    except Refused as error:
        raise InputError(str(error)) from None
    fingerprints = [stage.fingerprint for stage in plan.stages]
    return {name: max(b - a, 0.0) / rows for name, a, b in zip(fingerprints, best, best[1:], strict=False)}


def _calls(program: Program, workspace: Workspace, bound: list[Any], rows: int) -> int:
    _time(program, workspace, bound, rows, 1)  # frames grow
    return max(1, int(_SECONDS / max(_time(program, workspace, bound, rows, 1), 1e-7)))


def _time(program: Program, workspace: Workspace, bound: list[Any], rows: int, calls: int) -> float:
    begin = time.perf_counter()
    for _ in range(calls):
        program.run(workspace, bound, rows)
    return (time.perf_counter() - begin) / calls
