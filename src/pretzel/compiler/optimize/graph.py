"""What rules may ask about a definition: who reads a node, whether its last bit decides something, how large it is."""

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
    """A definition with facts about its nodes, each found out when first asked for."""

    def __init__(self, definition: Definition, budget: Budget | None = None) -> None:
        """Look at ``definition``, which does not change; work on it is taken from ``budget``."""
        self.definition = definition
        self.budget = budget or Budget()

    def __contains__(self, node: Node) -> bool:
        """Whether a node stands in the definition."""
        return node in self._nodes

    @cached_property
    def _nodes(self) -> set[Node]:
        return set(self.definition.nodes)

    @cached_property
    def _by_operator(self) -> dict[type[Node], list[Node]]:
        found: dict[type[Node], list[Node]] = defaultdict(list)
        for node in self.definition.nodes:
            found[type(node)].append(node)
        return found

    @cached_property
    def _readers(self) -> dict[Node, int]:
        return readers(self.definition.outputs.values())

    @cached_property
    def _exact(self) -> set[Node]:
        found: set[Node] = set()
        for node in reversed(self.definition.nodes):
            if node.exact or node in found:
                found.update(node.inputs)
        return found

    @cached_property
    def _refusing(self) -> set[Node]:
        found: set[Node] = set()
        for node in self.definition.nodes:
            if node.refuses or not found.isdisjoint(node.inputs):
                found.add(node)
        return found

    @cached_property
    def first_checks(self) -> dict[tuple[Node, bool], Node]:
        """The first check of each value that lets NaN pass, or does not."""
        found: dict[tuple[Node, bool], Node] = {}
        for node in self.of(RequireFinite):
            assert isinstance(node, RequireFinite)
            found.setdefault((node.x, node.allow_nan), node)
        return found

    def of(self, *operators: type[Node]) -> list[Node]:
        """Return the nodes of some operators, those of each with inputs before readers; ``Node`` stands for any."""
        if Node in operators:
            return self.definition.nodes
        return [node for operator in operators for node in self._by_operator.get(operator, ())]

    def input_of(self, node: Node) -> Node:
        """Return an input that a node is computed from, for what needs to know how many rows there are."""
        while node.inputs:
            node = node.inputs[0]
        return node

    def shared(self, node: Node) -> bool:
        """Whether more than one reader wants this node, so that it is computed whatever happens to one of them."""
        return self._readers.get(node, 0) > 1

    def exact(self, node: Node) -> bool:
        """Whether the last bit of this node's value can decide something, in trees or look-ups or roundings below."""
        return node in self._exact

    def droppable(self, node: Node) -> bool:
        """Whether a node may go once nobody reads it: it refuses no row that the library would refuse."""
        return node not in self._refusing

    def bound(self, node: Node) -> Bound:
        """Return how large the values of a node can be."""
        return bound(node)

    def finite(self, parameter: Parameter) -> bool:
        """Whether a parameter holds neither NaN nor infinity."""
        return largest(parameter) < math.inf

    def loose(self, node: Node) -> bool:
        """Whether the sums behind this node may be added in another order.

        Only in float64, where that costs a few units of 1e-16 against the 1e-6 that is promised; in float32 one
        rounding already costs 1e-7.  And never where the last bit decides.
        """
        return node.type.dtype == "f64" and not self.exact(node)
