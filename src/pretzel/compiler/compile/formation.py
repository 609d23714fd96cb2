"""Stage formation: group the kernels of a plan into passes over the rows, each bound by memory or by compute.

A plan names one kernel per value, so that values can be shared.  A program runs them over blocks of rows that fit the
cache: a chain of memory-bound operators is one pass over such a block, up to an operator that needs a whole row before
it can return anything (a breaker).  An operator that spends its time in arithmetic is a pass alone, vectorized.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pretzel.plan.node import OPERATORS, Node
from pretzel.plan.plan import Plan, Stage

Kind = Literal["memory", "compute"]


@dataclass
class Pass:
    """Kernels that run in sequence over a block of rows."""

    kind: Kind
    """Bound by memory or by arithmetic."""
    stages: list[int] = field(default_factory=list)
    """Positions in the plan."""
    breaks: bool = False
    """True if its last kernel needs a whole row before it returns anything, so that nothing can join it."""


def form(plan: Plan) -> list[Pass]:
    """Return the passes of a plan, each after those it reads from; every stage is in exactly one."""
    passes: list[Pass] = []
    place: dict[int, int] = {}  # slot -> pass that writes it
    for i, stage in enumerate(plan.stages):
        operator = OPERATORS.get(stage.operator, Node)
        at = _pass_for(stage, operator, passes, place)
        passes[at].stages.append(i)
        passes[at].breaks = operator.breaker
        place[len(plan.inputs) + i] = at
    return passes


def _pass_for(stage: Stage, operator: type[Node], passes: list[Pass], place: dict[int, int]) -> int:
    """Return the pass of the last value a stage reads, or a new one; a stage that reads only columns joins the last."""
    latest = max((place[slot] for slot in stage.inputs if slot in place), default=len(passes) - 1)
    if latest < 0 or operator.compute_bound or passes[latest].kind == "compute" or passes[latest].breaks:
        passes.append(Pass("compute" if operator.compute_bound else "memory"))
        return len(passes) - 1
    return latest
