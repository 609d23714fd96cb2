"""The steps that nodes come from, kept through a rewrite."""

from __future__ import annotations

from collections.abc import Mapping

from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.steps import Names, added


def moved(
    before: Definition, after: Definition, replaced: Mapping[Node, Node], new: Mapping[Node, Node]
) -> dict[Node, Names]:
    """Return the steps of the nodes of a rewritten definition.

    A node that was only rebuilt keeps its steps.  One that a rule created has those of the node in whose place it is,
    and of the nodes before that one which are gone: a scaler and the model that took it in.

    Args:
        before: the definition, with its steps.
        after: the rewritten definition.
        replaced: the nodes at which a rule fired, and what it returned.
        new: the new node of each node.
    """
    left = set(after.nodes)
    steps: dict[Node, Names] = {}
    for node in before.nodes:
        if node not in replaced and new.get(node) in left and (names := before.steps.get(node)):
            steps[new[node]] = added(steps.get(new[node], ()), names)
    rebuilt = {new[node] for node in before.nodes if node in new and node not in replaced}
    for node in (one for one in before.nodes if one in replaced and one in new):
        names = _absorbed(node, before, new, left)
        for made in _created(new[node], rebuilt) if names else ():
            steps[made] = added(steps.get(made, ()), names)
    return steps


def _absorbed(node: Node, before: Definition, new: Mapping[Node, Node], left: set[Node]) -> Names:
    """Return the steps of a replaced node, after those of the nodes that it read and that are gone."""
    names: Names = before.steps.get(node, ())
    stack, seen = list(node.inputs), {node}
    while stack:
        child = stack.pop()
        if child not in seen and new.get(child) not in left:
            names = added(before.steps.get(child, ()), names)
            stack += child.inputs
            seen.add(child)
    return names


def _created(node: Node, rebuilt: set[Node]) -> list[Node]:
    """Return a node and those it reads that a rule made, rather than those that were there before."""
    made: dict[Node, None] = {}
    stack = [node]
    while stack:
        one = stack.pop()
        if one not in rebuilt and one not in made:
            made[one] = None
            stack += one.inputs
    return list(made)
