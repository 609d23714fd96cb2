"""What there is to tell about a definition, gathered once for every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pretzel.control_plane.compile import compile_plan
from pretzel.control_plane.optimize import optimize
from pretzel.control_plane.optimize.cost import Cost, cost
from pretzel.control_plane.optimize.trace import Shared, Trace, shared
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.physical import Plan, Stage


@dataclass(frozen=True)
class Explanation:
    """A definition, what the optimizer did to it, and the plan that came of it."""

    definition: Definition
    optimized: Definition
    trace: Trace
    plan: Plan

    @classmethod
    def of(cls, definition: Definition, plan: Plan | None = None) -> Explanation:
        """Optimize and, where there is no plan yet, compile."""
        trace = Trace()
        optimized = optimize(definition, trace=trace)
        return cls(definition, optimized, trace, plan or compile_plan(optimized).plan)

    @property
    def title(self) -> str:
        """What the definition calls itself."""
        return str(self.definition.metadata.get("estimator") or "definition")

    @property
    def shared(self) -> list[Shared]:
        """Subgraphs that several readers want, dearest first."""
        return sorted(shared(self.definition), key=lambda item: -item.saved)

    @property
    def before(self) -> Cost:
        """The estimate for the definition as it came."""
        return cost(self.definition)

    @property
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


def cost_tree(estimate: Cost) -> Mapping[str, Any]:
    """Return an estimate as plain values."""
    return {
        "operators": estimate.operators,
        "work": estimate.work,
        "parameter_bytes": estimate.parameter_bytes,
    }
