"""What a rule is: a pattern over operators, and a function from the nodes it matched to the node that replaces them.

    @rule(on(Linear, x=Affine))
    def fold_affine_into_linear(graph: Graph, linear: Linear, affine: Affine) -> Node | None:

The function is called for each node that matches, with the matched nodes in the order of the pattern.  It returns a
node that gives the same values and has the same type, or None where it declines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, get_args

from pretzel.compiler.optimize.graph import Graph
from pretzel.plan.node import Node

Rewrite = Callable[..., Node | None]
Operator = type[Node] | UnionType
"""An operator, or several, as in ``Affine | Standardize``."""


@dataclass(frozen=True)
class Pattern:
    """An operator, and patterns that some of its inputs must match."""

    operator: Operator
    inputs: Mapping[str, Pattern]

    def match(self, node: Node) -> tuple[Node, ...] | None:
        """Return the nodes matched, this one first, or None."""
        if not isinstance(node, self.operator):
            return None
        found: tuple[Node, ...] = (node,)
        for field, pattern in self.inputs.items():
            below = pattern.match(getattr(node, field))
            if below is None:
                return None
            found += below
        return found


def on(operator: Operator, **inputs: Operator | Pattern) -> Pattern:
    """Return the pattern of an operator over inputs of those operators or patterns; others may be anything."""
    for alternative in alternatives(operator):
        unknown = [field for field in inputs if field not in alternative.fields]
        if unknown:
            raise TypeError(f"{alternative.name} has no input {unknown[0]!r}")
    return Pattern(operator, {f: p if isinstance(p, Pattern) else on(p) for f, p in inputs.items()})


def alternatives(operator: Operator) -> tuple[type[Node], ...]:
    """Return the operators that a pattern names at one place."""
    return get_args(operator) or (operator,)


@dataclass(frozen=True)
class Rule:
    """One rewrite, by name."""

    name: str
    pattern: Pattern
    rewrite: Rewrite

    @property
    def summary(self) -> str:
        """The first sentence of the docstring: why the rewrite keeps the meaning."""
        return (self.rewrite.__doc__ or "").split("\n\n")[0].strip()

    def replacement(self, node: Node, graph: Graph) -> Node | None:
        """Return what may stand for ``node``, or None where the pattern or the rule declines."""
        found = self.pattern.match(node)
        replaced = None if found is None else self.rewrite(graph, *found)
        return None if replaced is node else replaced


def rule(pattern: Pattern) -> Callable[[Rewrite], Rule]:
    """Make a rule of a function, named as the function is."""

    def make(rewrite: Any) -> Rule:
        return Rule(rewrite.__name__, pattern, rewrite)

    return make
