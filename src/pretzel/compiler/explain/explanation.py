"""What there is to tell about a definition, gathered once for every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pretzel.compiler.compile import compile_plan
from pretzel.compiler.compile.formation import Pass, form
from pretzel.compiler.optimize import optimize
from pretzel.compiler.optimize.cost import Cost, cost, stage_work
from pretzel.compiler.optimize.trace import Shared, Trace, shared
from pretzel.engine.bindings import KERNELS
from pretzel.engine.costs import nanoseconds
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.model import ColumnDescription, InputDescription, array_columns
from pretzel.plan.node import Node
from pretzel.plan.plan import Plan, Stage
from pretzel.plan.sizes import Sizes

MANY = 1000
"""Rows of a call that an expected time is for."""


@dataclass(frozen=True)
class Evidence:
    """What a definition does not say of itself: who else has its parameters, and how long its kernels took."""

    sharing: Mapping[Digest, int] = field(default_factory=dict)
    """How many models hold each parameter, this one included."""
    measured: Mapping[str, float] | None = None
    """Seconds a row of each stage, by its fingerprint."""
    sizes: Sizes = Sizes()
    """What a sample showed of the values."""


@dataclass(frozen=True)
class Explanation:
    """A definition, what the optimizer did to it, and the plan that came of it."""

    definition: Definition
    optimized: Definition
    trace: Trace
    plan: Plan
    evidence: Evidence = Evidence()

    @classmethod
    def of(cls, definition: Definition, plan: Plan | None = None, evidence: Evidence | None = None) -> Explanation:
        """Optimize and, where there is no plan yet, compile."""
        trace = Trace()
        optimized = optimize(definition, trace=trace)
        return cls(definition, optimized, trace, plan or compile_plan(optimized).plan, evidence or Evidence())

    @property
    def columns(self) -> tuple[ColumnDescription, ...]:
        """The columns of an array that the model takes, in order, also those that no step reads."""
        inputs = (InputDescription(column.name, column.type) for column in self.plan.inputs)
        return array_columns(inputs, self.definition.metadata)

    @property
    def title(self) -> str:
        """What the definition calls itself."""
        return str(self.definition.metadata.get("estimator") or "definition")

    @property
    def shared(self) -> list[Shared]:
        """Subgraphs that several readers want, dearest first."""
        return sorted(shared(self.definition), key=lambda item: -item.saved)

    @cached_property
    def before(self) -> Cost:
        """The estimate for the definition as it came."""
        return cost(self.definition)

    @cached_property
    def after(self) -> Cost:
        """The estimate for the definition as it is compiled."""
        return cost(self.optimized)

    @property
    def original(self) -> set[Digest]:
        """Digests of the parameters that the definition names; any other in the plan was derived from them."""
        return set(self.definition.parameters)

    @property
    def readers(self) -> Counter[int]:
        """How many stages and outputs read each slot."""
        slots = [slot for stage in self.plan.stages for slot in stage.inputs]
        return Counter(slots + [output.slot for output in self.plan.outputs])

    @cached_property
    def passes(self) -> list[Pass]:
        """The passes over the rows."""
        return form(self.plan)

    @cached_property
    def works(self) -> list[int]:
        """The estimated work of each stage."""
        return [stage_work(self.plan, i) for i in range(len(self.plan.stages))]

    @cached_property
    def seconds(self) -> list[float | None]:
        """The measured seconds a row of each stage, None where it was not measured."""
        measured = self.evidence.measured or {}
        return [measured.get(stage.fingerprint) for stage in self.plan.stages]

    @cached_property
    def expected(self) -> list[float | None]:
        """The seconds a row of each stage by the cost table, in calls of many rows; None where it knows no rates."""
        compiled, sizes = compile_plan(self.optimized, self.evidence.sizes), self.evidence.sizes
        nodes = {s.fingerprint: node for s, node in zip(compiled.plan.stages, compiled.nodes, strict=True)}
        return [expected_seconds(stage.kernel, nodes.get(stage.fingerprint), sizes) for stage in self.plan.stages]

    @property
    def is_measured(self) -> bool:
        """Whether every stage was measured."""
        return bool(self.plan.stages) and None not in self.seconds

    @cached_property
    def shares(self) -> list[float]:
        """The share of each stage in the time of a row: measured, or else expected, or else by the elements touched."""
        works: list[float | None] = [float(work) for work in self.works]
        known = next((c for c in (self.seconds, self.expected, works) if None not in c), works)
        amounts = [amount or 0.0 for amount in known]
        total = sum(amounts)
        return [amount / total if total else 0.0 for amount in amounts]

    def others(self, stage: Stage) -> int:
        """Return how many other models hold all that a stage stores; 0 where it stores nothing apart."""
        counts = [self.evidence.sharing.get(d, 1) for d in stage.parameters.values() if d not in self.plan.inline]
        return min(counts, default=1) - 1

    @property
    def shared_bytes(self) -> int:
        """Bytes of the plan's objects that other models hold too."""
        return sum(d.size for d in self.plan.objects if self.evidence.sharing.get(d, 1) > 1)


def expected_seconds(kernel: str, node: Node | None, sizes: Sizes) -> float | None:
    """Return what the cost table says of a kernel over the inputs of a node, in seconds a row."""
    if node is None or kernel not in KERNELS:
        return None
    expected = nanoseconds(kernel, KERNELS[kernel].work(node, sizes), MANY)
    return None if expected is None else expected / MANY * 1e-9


def bytes_of(stage: Stage) -> int:
    """Return the bytes of a stage's parameters."""
    return sum(digest.size for digest in stage.parameters.values())


def percent(part: float, whole: float) -> str:
    """Return a share for people: ``12 %``."""
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def size(n: int) -> str:
    """Return bytes for people: ``4.1 MB``."""
    value = float(n)
    for unit in ("B", "kB", "MB"):
        if abs(value) < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def duration(seconds: float) -> str:
    """Return a time for people: ``1.3 us``."""
    return f"{seconds * 1e6:.2f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def others_text(count: int) -> str:
    """Return with how many other models something is shared, for people; nothing for none."""
    return f"{count} other model{'s' if count > 1 else ''}" if count else ""


def cost_tree(estimate: Cost) -> Mapping[str, Any]:
    """Return an estimate as plain values."""
    return {
        "operators": estimate.operators,
        "work": estimate.work,
        "parameter_bytes": estimate.parameter_bytes,
    }
