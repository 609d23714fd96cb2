"""A rough estimate of the work a definition takes, to say what a rewrite saved; no decision depends on it."""

from __future__ import annotations

from dataclasses import dataclass

from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.types import ValueType

STORED = 64
"""Values assumed in a sparse row, and tokens or letters in a text, until statistics say otherwise."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a definition takes."""

    operators: int
    work: int
    """Elements touched, and multiplications done, for one row."""
    parameter_bytes: int

    def __sub__(self, other: Cost) -> Cost:
        """Return what was saved on the way from this to ``other``."""
        return Cost(
            self.operators - other.operators,
            self.work - other.work,
            self.parameter_bytes - other.parameter_bytes,
        )


def cost(definition: Definition) -> Cost:
    """Return the estimate for a whole definition; a shared node counts once."""
    nodes = definition.nodes
    computed = sum(1 for node in nodes if node.inputs)
    return Cost(computed, sum(map(work, nodes)), sum(p.nbytes for p in definition.parameters.values()))


def work(node: Node) -> int:
    """Return the elements that a node touches for one row: those read times those written where it multiplies."""
    read = sum(_elements(child.type) for child in node.inputs)
    if not read:
        return 0
    written = _elements(node.type)
    steps = len(node.parameters["roots"]) if "roots" in node.parameters else 1
    return read * written * steps if node.compute_bound else read + written


def _elements(kind: ValueType) -> int:
    if kind.layout == "dense":
        return STORED if kind.is_text and kind.width is None else kind.columns
    return min(kind.columns, STORED) if kind.layout == "sparse" else STORED
