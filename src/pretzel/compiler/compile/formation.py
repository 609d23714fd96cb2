"""Stage formation: which kernels of a plan make one pass over the rows, and what each pass is bound by.

A plan names one kernel a value, so that values can be shared.  A program runs them over blocks of rows that fit the
cache: a chain of memory-bound operators is one pass over such a block, up to an operator that needs a whole row before
it can give anything (a breaker), and an operator that spends its time in arithmetic is a pass by itself, vectorized.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pretzel.plan.node import OPERATORS, Node
from pretzel.plan.plan import Plan, Stage

Kind = Literal["memory", "compute"]


@dataclass
class Pass:
    """Kernels that run over a block of rows one after the other."""

    kind: Kind
    """What bounds it: memory, or arithmetic."""
    stages: list[int] = field(default_factory=list)
    """Positions in the plan."""
    breaks: bool = False
    """Whether its last kernel needs a whole row before it gives anything, so that nothing can join it."""


def form(plan: Plan) -> list[Pass]:
    """Return the passes of a plan, each after those it reads from; every stage is in one of them."""
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
    """Return the pass that a stage joins: that of the last value it reads, or a new one; of columns alone, the last."""
    latest = max((place[slot] for slot in stage.inputs if slot in place), default=len(passes) - 1)
    if latest < 0 or operator.compute_bound or passes[latest].kind == "compute" or passes[latest].breaks:
        passes.append(Pass("compute" if operator.compute_bound else "memory"))
        return len(passes) - 1
    return latest
