"""Check definitions: on arrival, after each rewrite, and before compilation.

A phase is a list of invariants.  An invariant inspects one node, or a whole definition, and returns the problem, if
any.  Code that moves a definition into a phase checks it, and names the rule that broke it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pretzel.engine.bindings import BINDINGS
from pretzel.errors import DefinitionError
from pretzel.plan.definition import MAX_NODES, Definition
from pretzel.plan.node import Node
from pretzel.plan.ops import Input, LabelLookup

MAX_OUTPUTS = 1_000
MAX_INPUTS = 100_000
MAX_NAME = 1_000
"""Characters in the name of a column or of an output: each request and each response carries it."""
Problem = str | None


@dataclass(frozen=True)
class Phase:
    """A phase of compilation: the nodes that are legal in it, and their legal combinations."""

    name: str
    of_nodes: tuple[Callable[[Node], Problem], ...] = ()
    of_wholes: tuple[Callable[[Definition], Problem], ...] = ()

    def problems(self, nodes: Iterable[Node]) -> Iterator[str]:
        """Yield the problems of nodes, each with its node."""
        checked = ((node, invariant(node)) for node in nodes for invariant in self.of_nodes)
        return (f"{node!r:.200}: {problem}" for node, problem in checked if problem is not None)

    def check(self, definition: Definition) -> None:
        """Reject a definition that is not legal in this phase.

        Raises:
            DefinitionError: naming the first node, input or output that breaks an invariant.
        """
        wrong = (problem for invariant in self.of_wholes if (problem := invariant(definition)) is not None)
        for problem in (*wrong, *self.problems(definition.nodes)):
            raise DefinitionError(problem)


def has_kernel(node: Node) -> bool:
    """Return whether a kernel computes this node over the types of its inputs."""
    return isinstance(node, Input) or any(binding.takes(node) for binding in BINDINGS.get(type(node), ()))


def _no_kernel(node: Node) -> Problem:
    return None if has_kernel(node) else "no kernel computes it"


def _too_many(definition: Definition) -> Problem:
    for what, count, limit in (
        ("nodes", len(definition.nodes), MAX_NODES),
        ("outputs", len(definition.outputs), MAX_OUTPUTS),
        ("inputs", len(definition.inputs), MAX_INPUTS),
    ):
        if count > limit:
            return f"definition: {count} {what}, at most {limit} are allowed"
    return None


def _name_too_long(definition: Definition) -> Problem:
    names = [("output", name) for name in definition.outputs]
    names += [("input", node.column) for node in definition.inputs]
    for what, name in names:
        if len(name) > MAX_NAME:
            return f"{what} {name[:20]!r}...: a name of {len(name)} characters, at most {MAX_NAME} are allowed"
    return None


def _not_sendable(definition: Definition) -> Problem:
    for name, node in definition.outputs.items():
        if node.type.layout == "ragged":
            return f"output {name!r}: a list of tokens cannot be an output; count or join the tokens first"
        if isinstance(node, LabelLookup) and not len(node.labels):
            return f"output {name!r}: its table of labels is empty"
    return None


DEFINITION = Phase("definition", of_wholes=(_too_many, _name_too_long))
"""A definition from an importer or a client: any operator, in bounded numbers."""

OPTIMIZED = Phase("optimized definition", of_nodes=(_no_kernel,), of_wholes=(_too_many,))
"""The result of a rule: operators that some kernel computes; only the nodes that a rule built are checked."""

PLAN = Phase("plan", of_wholes=(_too_many, _name_too_long, _not_sendable))
"""A definition to compile: its outputs can be sent.  Lowering checks that each operator has a kernel."""
