"""Facts about a definition for rules: readers of a node, whether its last bit matters, bounds of its values."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import cached_property

from pretzel.compiler.optimize.bounds import Bound, bound, largest
from pretzel.compiler.optimize.budget import Budget
from pretzel.plan.definition import Definition
from pretzel.plan.graph import readers
from pretzel.plan.node import Node
from pretzel.plan.ops import RequireFinite
from pretzel.plan.parameter import Parameter


class Graph:
    """A definition with facts about its nodes, each computed on first use."""

    def __init__(self, definition: Definition, budget: Budget | None = None) -> None:
        """Wrap ``definition``, which does not change; work on it is taken from ``budget``."""
        self.definition = definition
        self.budget = budget or Budget()

    def __contains__(self, node: Node) -> bool:
        """Return whether a node is in the definition."""
        return node in self._nodes

    @cached_property
    def _nodes(self) -> set[Node]:
        return set(self.definition.nodes)

    @cached_property
    def _by_operator(self) -> dict[type[Node], list[Node]]:
        nodes: dict[type[Node], list[Node]] = defaultdict(list)
        for node in self.definition.nodes:
            nodes[type(node)].append(node)
        return nodes

    @cached_property
    def _readers(self) -> dict[Node, int]:
        return readers(self.definition.outputs.values())

    @cached_property
    def _exact(self) -> set[Node]:
        exact: set[Node] = set()
        for node in reversed(self.definition.nodes):
            if node.exact or node in exact:
                exact.update(node.inputs)
        return exact

    @cached_property
    def _refusing(self) -> set[Node]:
        refusing: set[Node] = set()
        for node in self.definition.nodes:
            if node.refuses or not refusing.isdisjoint(node.inputs):
                refusing.add(node)
        return refusing

    @cached_property
    def first_checks(self) -> dict[tuple[Node, bool], Node]:
        """The first check of each value, by the value and whether the check allows NaN."""
        checks: dict[tuple[Node, bool], Node] = {}
        for node in self.of(RequireFinite):
            assert isinstance(node, RequireFinite)
            checks.setdefault((node.x, node.allow_nan), node)
        return checks

    def of(self, *operators: type[Node]) -> list[Node]:
        """Return the nodes of some operators, for each inputs before readers; ``Node`` means all."""
        if Node in operators:
            return self.definition.nodes
        return [node for operator in operators for node in self._by_operator.get(operator, ())]

    def input_of(self, node: Node) -> Node:
        """Return an input that a node is computed from; it determines the number of rows."""
        while node.inputs:
            node = node.inputs[0]
        return node

    def shared(self, node: Node) -> bool:
        """Return whether this node has several readers, so that it is computed even if one of them is rewritten."""
        return self._readers.get(node, 0) > 1

    def exact(self, node: Node) -> bool:
        """Return whether the last bit of this node's value can change a result of trees, lookups or roundings below."""
        return node in self._exact

    def droppable(self, node: Node) -> bool:
        """Return whether a node without readers may be dropped: it rejects no row that the library rejects."""
        return node not in self._refusing

    def bound(self, node: Node) -> Bound:
        """Return the bound of a node's values."""
        return bound(node)

    def finite(self, parameter: Parameter) -> bool:
        """Return whether a parameter is free of NaN and infinity."""
        return largest(parameter) < math.inf

    def loose(self, node: Node) -> bool:
        """Return whether the sums behind this node may be added in another order.

        Only in float64, where that costs a few units of 1e-16 of the promised 1e-6; in float32 one rounding already
        costs 1e-7.  Never if the last bit matters.
        """
        return node.type.dtype == "f64" and not self.exact(node)
