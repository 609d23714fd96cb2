"""Rules: a pattern over operators, and a function from the matched nodes to the node that replaces them.

    @rule(on(Linear, x=Affine))
    def fold_affine_into_linear(graph: Graph, linear: Linear, affine: Affine) -> Node | None:

The function is called for each match with the matched nodes in the order of the pattern.  It returns a node with the
same values and type, or None to decline.
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
        """Return the matched nodes, this one first, or None."""
        if not isinstance(node, self.operator):
            return None
        matches: tuple[Node, ...] = (node,)
        for field, pattern in self.inputs.items():
            below = pattern.match(getattr(node, field))
            if below is None:
                return None
            matches += below
        return matches


def on(operator: Operator, **inputs: Operator | Pattern) -> Pattern:
    """Return the pattern of an operator whose named inputs match; other inputs may be anything."""
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
    """A named rewrite."""

    name: str
    pattern: Pattern
    rewrite: Rewrite

    @property
    def summary(self) -> str:
        """The first sentence of the docstring: the reason that the rewrite preserves the values."""
        return (self.rewrite.__doc__ or "").split("\n\n")[0].strip()

    def replacement(self, node: Node, graph: Graph) -> Node | None:
        """Return the replacement of ``node``, or None if the pattern or the rule declines."""
        matches = self.pattern.match(node)
        replacement = None if matches is None else self.rewrite(graph, *matches)
        return None if replacement is node else replacement


def rule(pattern: Pattern) -> Callable[[Rewrite], Rule]:
    """Make a rule of a function, with the function's name."""

    def make(rewrite: Any) -> Rule:
        return Rule(rewrite.__name__, pattern, rewrite)

    return make
