"""The facts of an explanation, collected once for every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pretzel.compiler.compile import Compiled, compile_plan
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
from pretzel.plan.steps import Names

MANY = 1000
"""Rows per call that expected times assume."""
_MOST_STEPS = 2
"""Names that are shown of the steps of one stage."""


@dataclass(frozen=True)
class Evidence:
    """Facts that are not in a definition: models that share its parameters, and measured times of its kernels."""

    sharing: Mapping[Digest, int] = field(default_factory=dict)
    """The number of models that hold each parameter, including this one."""
    measured: Mapping[str, float] | None = None
    """Seconds per row of each stage, by fingerprint."""
    sizes: Sizes = Sizes()
    """Statistics of the values in a sample."""
    steps: Sequence[Names] | None = None
    """The names of the steps that each stage comes from; None: those of the definition."""


@dataclass(frozen=True)
class Explanation:
    """A definition, the optimizer's trace, and the resulting plan."""

    definition: Definition
    optimized: Definition
    trace: Trace
    plan: Plan
    evidence: Evidence = Evidence()

    @classmethod
    def of(
        cls,
        definition: Definition,
        plan: Plan | None = None,
        evidence: Evidence | None = None,
        without: Collection[str] = (),
    ) -> Explanation:
        """Optimize the definition, and compile it unless a plan is passed."""
        trace = Trace()
        optimized = optimize(definition, trace=trace, without=without)
        return cls(definition, optimized, trace, plan or compile_plan(optimized).plan, evidence or Evidence())

    @property
    def columns(self) -> tuple[ColumnDescription, ...]:
        """The columns of an input array, in order, including those that no step reads."""
        inputs = (InputDescription(column.name, column.type) for column in self.plan.inputs)
        return array_columns(inputs, self.definition.metadata)

    @property
    def title(self) -> str:
        """The name of the estimator, or ``definition``."""
        return str(self.definition.metadata.get("estimator") or "definition")

    @property
    def shared(self) -> list[Shared]:
        """Subgraphs with several readers, most expensive first."""
        return sorted(shared(self.definition), key=lambda item: -item.saved)

    @cached_property
    def before(self) -> Cost:
        """The estimate for the definition before optimization."""
        return cost(self.definition)

    @cached_property
    def after(self) -> Cost:
        """The estimate for the optimized definition."""
        return cost(self.optimized)

    @property
    def original(self) -> set[Digest]:
        """Digests of the parameters in the definition; all others in the plan were derived from them."""
        return set(self.definition.parameters)

    @property
    def readers(self) -> Counter[int]:
        """The number of stages and outputs that read each slot."""
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
        """The measured seconds per row of each stage; None if not measured."""
        measured = self.evidence.measured or {}
        return [measured.get(stage.fingerprint) for stage in self.plan.stages]

    @cached_property
    def expected(self) -> list[float | None]:
        """The seconds per row of each stage by the cost table, in calls of many rows; None without rates."""
        compiled, sizes = self._compiled, self.evidence.sizes
        nodes = {s.fingerprint: node for s, node in zip(compiled.plan.stages, compiled.nodes, strict=True)}
        return [expected_seconds(stage.kernel, nodes.get(stage.fingerprint), sizes) for stage in self.plan.stages]

    @cached_property
    def _compiled(self) -> Compiled:
        return compile_plan(self.optimized, self.evidence.sizes)

    @cached_property
    def steps(self) -> Sequence[Names]:
        """The steps of the user's model that each stage comes from, by name."""
        if self.evidence.steps is not None:
            return self.evidence.steps
        compiled = self._compiled
        named = {stage.fingerprint: names for stage, names in zip(compiled.plan.stages, compiled.steps, strict=True)}
        return [named.get(stage.fingerprint, ()) for stage in self.plan.stages]

    def step(self, i: int) -> str:
        """Return the names of the steps that a stage comes from, or the path of its code; empty if it has none."""
        names, attributes = self.steps[i], self.plan.stages[i].attributes
        if not names:
            return str(attributes.get("path") or attributes.get("owner") or "")
        more = f" and {len(names) - _MOST_STEPS} more" if len(names) > _MOST_STEPS else ""
        return ", ".join(names[:_MOST_STEPS]) + more

    @property
    def is_measured(self) -> bool:
        """True if every stage was measured."""
        return bool(self.plan.stages) and None not in self.seconds

    @cached_property
    def shares(self) -> list[float]:
        """The share of each stage in the time per row: measured, or else expected, or else by elements touched."""
        works: list[float | None] = [float(work) for work in self.works]
        basis = next((c for c in (self.seconds, self.expected, works) if None not in c), works)
        amounts = [amount or 0.0 for amount in basis]
        total = sum(amounts)
        return [amount / total if total else 0.0 for amount in amounts]

    def others(self, stage: Stage) -> int:
        """Return the number of other models that hold every object of a stage; 0 if it has no separate objects."""
        counts = [self.evidence.sharing.get(d, 1) for d in stage.parameters.values() if d not in self.plan.inline]
        return min(counts, default=1) - 1

    @property
    def shared_bytes(self) -> int:
        """Bytes of the plan's objects that other models also hold."""
        return sum(d.size for d in self.plan.objects if self.evidence.sharing.get(d, 1) > 1)


def expected_seconds(kernel: str, node: Node | None, sizes: Sizes) -> float | None:
    """Return the time of a kernel over the inputs of a node by the cost table, in seconds per row."""
    if node is None or kernel not in KERNELS:
        return None
    expected = nanoseconds(kernel, KERNELS[kernel].work(node, sizes), MANY)
    return None if expected is None else expected / MANY * 1e-9


def bytes_of(stage: Stage) -> int:
    """Return the bytes of a stage's parameters."""
    return sum(digest.size for digest in stage.parameters.values())


def others_text(count: int) -> str:
    """Format the number of other models that share something; empty for 0."""
    return f"{count} other model{'s' if count > 1 else ''}" if count else ""


def cost_tree(estimate: Cost) -> Mapping[str, Any]:
    """Return an estimate as values for JSON."""
    return {
        "operators": estimate.operators,
        "work": estimate.work,
        "parameter_bytes": estimate.parameter_bytes,
    }
