"""The optimizer's steps, recorded only on request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pretzel.compiler.optimize.cost import Cost, cost, work
from pretzel.plan.definition import Definition
from pretzel.plan.graph import readers
from pretzel.plan.node import Node


@dataclass(frozen=True)
class Step:
    """One application of a rule, at every place where it fired."""

    rule: str
    summary: str
    """The reason that the rewrite preserves the values."""
    places: int
    """Nodes replaced."""
    before: Definition
    after: Definition

    @property
    def cost(self) -> Cost:
        """The estimate for the definition before the step."""
        return cost(self.before)

    @property
    def saved(self) -> Cost:
        """The estimated savings."""
        return cost(self.before) - cost(self.after)


@dataclass
class Trace:
    """Collects steps; pass one to :func:`~pretzel.compiler.optimize.driver.optimize`."""

    steps: list[Step] = field(default_factory=list)
    passes: int = 0
    finished: bool = True
    """True if no rule fires any more; False if the budget was spent first."""

    def record(self, step: Step) -> None:
        """Append a step."""
        self.steps.append(step)


@dataclass(frozen=True)
class Shared:
    """A subgraph with several readers, computed once."""

    node: Node
    readers: int

    @property
    def saved(self) -> int:
        """The estimated work saved by computing it once, for this operator alone."""
        return work(self.node) * (self.readers - 1)


def shared(definition: Definition) -> Iterator[Shared]:
    """Yield each operator with several readers; equal subgraphs are interned as one node."""
    for node, count in readers(definition.outputs.values()).items():
        if count > 1 and node.inputs:
            yield Shared(node, count)
