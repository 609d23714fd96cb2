"""Lower bounds of the time of a predictor's method, from its bytes, probes, compares and multiply-adds.

The README lists the costs that are counted.  A floor is an estimate of the distance to the machine, not a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from benchmarks.machine import Machine, calibrated
from pretzel.compiler.compile import Compiled, compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.engine.bindings.contributions import lay_out_contributions
from pretzel.local.models import Model
from pretzel.plan import ops
from pretzel.plan.multioutput import outputs_of
from pretzel.plan.node import Node
from pretzel.plan.types import ValueType


@dataclass(frozen=True)
class Work:
    """The least work over all rows of a call."""

    bytes: float = 0.0
    probes: float = 0.0
    compares: float = 0.0
    multiply_adds: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(
            self.bytes + other.bytes,
            self.probes + other.probes,
            self.compares + other.compares,
            self.multiply_adds + other.multiply_adds,
        )

    def seconds(self, machine: Machine) -> float:
        """Return the time of the most expensive kind, because a core overlaps the others."""
        return max(
            machine.bytes(self.bytes),
            machine.probe * self.probes,
            machine.compare * self.compares,
            machine.multiply_add * self.multiply_adds,
        )


@dataclass(frozen=True)
class Step:
    """One stage of a plan over the rows of a call."""

    node: Node
    rows: int
    read: float
    """Elements of the inputs in all rows."""


def us(served: Any, method: str, x: Any) -> float:
    """Return the floor of ``served.method(x)`` in microseconds per row."""
    least, rows = work(served, method, x)
    return least.seconds(calibrated()) / rows * 1e6


def work(served: Any, method: str, x: Any) -> tuple[Work, int]:
    """Return the least work of a method over the rows of x, and the number of rows."""
    called = getattr(served, method)
    called(x)  # the first call compiles
    model = getattr(called, "_made", called)._models.main  # the plan that runs, which is not public
    compiled = _compiled(model)
    bound, rows = model.bind(x)
    outputs = outputs_of(method, [output.name for output in compiled.plan.outputs])
    slots = {output.slot for output in compiled.plan.outputs if output.name in outputs}
    sizes = _sizes(compiled, model.executable.profile_bound(bound, rows, outputs), bound, rows)
    total = Work(bytes=sum(map(_bytes, bound)))
    total += Work(bytes=sum(sizes[slot] * _width(compiled.plan.type_of(slot)) for slot in slots))
    return sum((_of(step) for step in _steps(compiled, sizes, slots, rows)), total), rows


@lru_cache(2)
def _compiled(model: Model) -> Compiled:
    return compile_plan(optimize(model.definition))


def _steps(compiled: Compiled, sizes: Sequence[float], slots: set[int], rows: int) -> Iterator[Step]:
    """Yield the stages that compute these slots."""
    first, needed = len(compiled.plan.inputs), set(slots)
    for i in reversed(range(len(compiled.plan.stages))):
        stage = compiled.plan.stages[i]
        if first + i in needed:
            needed.update(stage.inputs)
            yield Step(compiled.nodes[i], rows, sum(sizes[slot] for slot in stage.inputs))


def _sizes(compiled: Compiled, observed: Sequence[Any], bound: Sequence[Any], rows: int) -> list[float]:
    """Return the elements of every slot in all rows: bytes of texts, and observed entries of rows of any length."""
    entries = [None] * len(bound) + [step.entries for step in observed]
    sizes: list[float] = []
    for slot, seen in enumerate(entries):
        kind = compiled.plan.type_of(slot)
        if seen is not None:
            sizes.append(seen)
        elif slot < len(bound) and kind.is_text:
            sizes.append(_bytes(bound[slot]))
        elif kind.is_text and kind.layout == "dense":
            sizes.append(sizes[compiled.plan.stages[slot - len(bound)].inputs[0]])  # as long as its input
        else:
            sizes.append(rows * kind.columns)
    return sizes


def _width(kind: ValueType) -> int:
    index = 4 if kind.layout == "sparse" else 0
    return index + (1 if kind.is_text else kind.numpy.itemsize)


def _bytes(column: Any) -> int:
    """Return the bytes of a column as a program reads it."""
    if isinstance(column, np.ndarray):
        return column.nbytes
    if isinstance(column, (list, tuple)):
        return sum(map(_bytes, column))
    return len(column.encode()) if isinstance(column, str) else 0


def _of(step: Step) -> Work:
    for kind, count in _COUNTS:
        if isinstance(step.node, kind):
            return count(step)
    return Work()  # moves or maps values in registers, which is free in a fused loop


def _forest(step: Step) -> Work:
    """One leaf per tree, and as many compares as distinguish its leaves."""
    forest = step.node
    trees, leaves = len(forest.roots), int((forest.left.array < 0).sum())
    depth = np.log2(max(leaves / max(trees, 1), 1))
    return Work(probes=step.rows * trees, compares=step.rows * trees * depth)


def _contributions(step: Step) -> Work:
    """One compare per node of each tree; per point of its quadrature rule two products down and two up."""
    node = step.node
    points = lay_out_contributions(node)["counts"].array
    owner = np.searchsorted(np.sort(node.roots.array), np.flatnonzero(node.left.array >= 0), side="right") - 1
    inner = np.bincount(owner, minlength=len(points))
    outputs = len(node.bias) if node.group is None else 1
    return Work(compares=step.rows * inner.sum(), multiply_adds=4.0 * step.rows * outputs * (inner * points).sum())


def _product(step: Step) -> Work:
    """One multiply-add per weight and row; sparse rows look up their weights instead."""
    if any(child.type.layout == "sparse" for child in step.node.inputs):
        columns = step.node.type.columns
        return Work(probes=step.read, multiply_adds=step.read * columns)
    floats = [p for p in step.node.parameters.values() if p.dtype in ("f32", "f64")]
    largest = max(floats, key=lambda p: int(np.prod(p.shape)), default=None)
    if largest is None:
        return Work()
    half = 0.5 if step.node.type.dtype == "f32" else 1.0
    return Work(bytes=largest.nbytes, multiply_adds=half * step.rows * float(np.prod(largest.shape)))


def _tree_search(step: Step) -> Work:
    """The path down one tree: one compare per level."""
    return Work(compares=step.rows * np.log2(max(len(step.node.rows), 2)))


def _ngrams(step: Step) -> Work:
    """One probe per n-gram of each length; about one character per byte."""
    return Work(probes=step.read * (step.node.high - step.node.low + 1))


def _lookup(step: Step) -> Work:
    """One probe per value."""
    return Work(probes=step.rows * step.node.type.columns)


_COUNTS: tuple[tuple[type | tuple[type, ...], Callable[[Step], Work]], ...] = (
    (ops.TreeEnsemble, _forest),
    (ops.TreeContributions, _contributions),
    (ops.NearestInTree, _tree_search),
    (ops.CountNgrams, _ngrams),
    (ops.HashNgrams, _ngrams),
    (ops.Lookup, _lookup),
    (ops.Take, _lookup),
    ((ops.Linear, ops.NormalizedLinear, ops.CompactLinear, ops.Distances, ops.Barycenter), _product),
)
