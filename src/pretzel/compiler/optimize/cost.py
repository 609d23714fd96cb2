"""A rough estimate of the work of a definition, to report the savings of a rewrite; no decision depends on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import OPERATORS, Node
from pretzel.plan.parameter import HEADER
from pretzel.plan.plan import Plan
from pretzel.plan.types import ValueType

STORED = 64
"""Values assumed per sparse row, and tokens or characters per text."""
TREE_DEPTH = 8
"""Nodes assumed on the path to a leaf."""

EFFORT: dict[type[Node], int] = {ops.CountNgrams: 16, ops.Lookup: 8, ops.Link: 8, ops.Elementwise: 8, ops.Power: 16}
"""The cost of an element relative to a copied number, for table lookups and mathematical functions."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The estimated cost of a definition."""

    operators: int
    work: int
    """Elements touched, and multiplications, per row."""
    parameter_bytes: int

    def __sub__(self, other: Cost) -> Cost:
        """Return the savings of ``other`` against this."""
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
    """Return the elements that a node touches per row: those read times those written if it multiplies."""
    trees = len(node.parameters["roots"]) if "roots" in node.parameters else 0
    return elements([child.type for child in node.inputs], node.type, type(node), trees)


def stage_work(plan: Plan, i: int) -> int:
    """Return the :func:`work` of the operator that stage i of a plan computes."""
    stage = plan.stages[i]
    of_trees = stage.parameters.get("roots") or stage.parameters.get("first")
    trees = (of_trees.size - HEADER.size) // 4 if of_trees else 0
    reads = [plan.type_of(slot) for slot in stage.inputs]
    return elements(reads, stage.type, OPERATORS.get(stage.operator, Node), trees)


def elements(reads: Iterable[ValueType], gives: ValueType, operator: type[Node], trees: int = 0) -> int:
    """Return the elements that an operator of these types, with so many trees, touches per row."""
    read, written = sum(map(_elements, reads)), _elements(gives)
    if not read:
        return 0
    if trees:  # each reads one value and one node per level, and returns the values of its leaf
        return trees * (TREE_DEPTH + written)
    touched = read * written if operator.compute_bound else read + written
    return touched * EFFORT.get(operator, 1)


def _elements(kind: ValueType) -> int:
    if kind.layout == "dense":
        return STORED if kind.is_text and kind.width is None else kind.columns
    return min(kind.columns, STORED) if kind.layout == "sparse" else STORED
