"""A rough estimate of the work a definition takes, to say what a rewrite saved; no decision depends on it."""

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
"""Values assumed in a sparse row, and tokens or letters in a text, until statistics say otherwise."""
TREE_DEPTH = 8
"""Nodes assumed on the way to a leaf."""

EFFORT: dict[type[Node], int] = {ops.CountNgrams: 16, ops.Lookup: 8, ops.Link: 8, ops.Elementwise: 8, ops.Power: 16}
"""How much dearer than a copied number an element is: one that is looked up in a table, or put through a function."""


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
    trees = len(node.parameters["roots"]) if "roots" in node.parameters else 0
    return elements([child.type for child in node.inputs], node.type, type(node), trees)


def stage_work(plan: Plan, i: int) -> int:
    """Return what :func:`work` says of the operator that stage i of a plan computes."""
    stage = plan.stages[i]
    of_trees = stage.parameters.get("roots") or stage.parameters.get("first")
    trees = (of_trees.size - HEADER.size) // 4 if of_trees else 0
    reads = [plan.type_of(slot) for slot in stage.inputs]
    return elements(reads, stage.type, OPERATORS.get(stage.operator, Node), trees)


def elements(reads: Iterable[ValueType], gives: ValueType, operator: type[Node], trees: int = 0) -> int:
    """Return the elements that an operator of so many trees, if any, touches for one row of these types."""
    read, written = sum(map(_elements, reads)), _elements(gives)
    if not read:
        return 0
    if trees:  # each reads a value, a node and a way at a time, and gives what its leaf holds
        return trees * (TREE_DEPTH + written)
    touched = read * written if operator.compute_bound else read + written
    return touched * EFFORT.get(operator, 1)


def _elements(kind: ValueType) -> int:
    if kind.layout == "dense":
        return STORED if kind.is_text and kind.width is None else kind.columns
    return min(kind.columns, STORED) if kind.layout == "sparse" else STORED
