"""Estimate the time of a plan before its first run, from its stages, the cost table and its sizes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

from pretzel.engine.costs import Work, table
from pretzel.plan.plan import Plan, Stage
from pretzel.plan.sizes import ASSUMED, is_fixed
from pretzel.plan.types import ValueType

NANOSECOND = 1e-9
CALL = 4000.0
"""Fixed nanoseconds per call of a program."""
MOVED = 3.0
"""Nanoseconds per element, for kernels that were never measured."""
SCANNED = 0.05
"""Nanoseconds per row and byte of parameters, for kernels that were never measured: most read all of them."""
WALKED = {
    "distances.groups": 0.01,
    "nearest_in_tree": 0.03,
    "tree_density": 0.3,
    "topics": 20.0,
    "trees": 0.002,
    "trees.bits": 0.005,
    "trees.bits.sets": 0.005,
    "trees.contributions": 10.0,
}
"""The same for kernels that read a part of their parameters, or read them many times."""
SOUGHT = frozenset({"lookup.text", "lookup.number", "count_ngrams", "tokenize", "label_lookup", "one_hot"})
"""Kernels that look up: their time does not grow with their tables."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """CPU seconds of a plan, by rows and bytes of a request."""

    call: float
    row: float
    row_bytes: float
    """Input bytes per row that the estimate assumes; larger rows take more time."""

    def seconds(self, rows: int, size: int) -> float:
        """Return the expected time of a request with ``rows`` rows and ``size`` bytes."""
        return self.call + self.row * max(rows, size / self.row_bytes)

    def __add__(self, other: Self) -> Estimate:
        """Return the estimate of two plans in one run."""
        return Estimate(self.call + other.call, self.row + other.row, max(self.row_bytes, other.row_bytes))


def estimate(plan: Plan, outputs: Collection[str]) -> Estimate:
    """Return the expected time of the given outputs of a plan."""
    sizes = [_elements(item.type, 0) for item in plan.inputs]
    sizes += [_elements(stage.type, room) for stage, room in zip(plan.stages, _room(plan), strict=True)]
    call, row = CALL, 0.0
    for i in _needed(plan, outputs):
        stage_call, stage_row = _stage(
            plan.stages[i], [sizes[slot] for slot in plan.stages[i].inputs], sizes[len(plan.inputs) + i]
        )
        call, row = call + stage_call, row + stage_row
    return Estimate(call * NANOSECOND, row * NANOSECOND, max(sum(_input_bytes(item.type) for item in plan.inputs), 1))


def _room(plan: Plan) -> Sequence[int]:
    return plan.room or (0,) * len(plan.stages)


def _needed(plan: Plan, outputs: Collection[str]) -> list[int]:
    """Return the stages that these outputs need."""
    count = len(plan.inputs)
    seen = {output.slot for output in plan.outputs if output.name in outputs}
    for slot in range(count + len(plan.stages) - 1, count - 1, -1):
        if slot in seen:
            seen.update(plan.stages[slot - count].inputs)
    return sorted(slot - count for slot in seen if slot >= count)


def _stage(stage: Stage, read: Sequence[float], written: float) -> tuple[float, float]:
    """Return the nanoseconds per call and per row."""
    rates = table().get(stage.kernel)
    if rates is not None and stage.kernel not in WALKED:
        work = Work(sum(read), written, sum(read) * written if rates.product else 0.0)
        call = rates.nanoseconds(work, 0)
        return call, rates.nanoseconds(work, 1) - call
    held = 0 if stage.kernel in SOUGHT else sum(digest.size for digest in stage.parameters.values())
    return 0.0, MOVED * (sum(read) + written) + WALKED.get(stage.kernel, SCANNED) * held


def _elements(kind: ValueType, room: int) -> float:
    if is_fixed(kind):
        return kind.columns
    return room or min(ASSUMED, kind.columns * ASSUMED)


def _input_bytes(kind: ValueType) -> float:
    """Return the bytes per row of an input, as counted on arrival of a request."""
    if is_fixed(kind):
        return kind.columns * kind.numpy.itemsize
    return _elements(kind, 0) * (1 if kind.is_text else kind.numpy.itemsize)
