"""What the optimizer did, step by step, for those who want to watch; nothing is kept where nobody does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pretzel.compiler.optimize.cost import Cost, cost, work
from pretzel.plan.definition import Definition
from pretzel.plan.graph import readers
from pretzel.plan.node import Node


@dataclass(frozen=True)
class Step:
    """One rule applied once, at every place where it fired."""

    rule: str
    summary: str
    """Why the rewrite keeps the meaning."""
    places: int
    """Nodes replaced."""
    before: Definition
    after: Definition

    @property
    def cost(self) -> Cost:
        """The estimate of what the definition took before it."""
        return cost(self.before)

    @property
    def saved(self) -> Cost:
        """The estimate of what it saved."""
        return cost(self.before) - cost(self.after)


@dataclass
class Trace:
    """Collects steps; pass one to :func:`~pretzel.compiler.optimize.driver.optimize`."""

    steps: list[Step] = field(default_factory=list)
    passes: int = 0
    finished: bool = True
    """Whether no rule fires any more; where not, the work that one optimization may take was used up."""

    def record(self, step: Step) -> None:
        """Keep a step."""
        self.steps.append(step)


@dataclass(frozen=True)
class Shared:
    """A subgraph that several readers want and that is computed once."""

    node: Node
    readers: int

    @property
    def saved(self) -> int:
        """The estimate of the work that computing it once saves, for this operator alone."""
        return work(self.node) * (self.readers - 1)


def shared(definition: Definition) -> Iterator[Shared]:
    """Give each operator with several readers: equal subgraphs are one node from the moment they are built."""
    for node, count in readers(definition.outputs.values()).items():
        if count > 1 and node.inputs:
            yield Shared(node, count)
