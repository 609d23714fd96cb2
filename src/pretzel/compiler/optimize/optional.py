"""Split optional outputs from the others, and join them again.

Rules count the readers of a value, and an output that is rarely requested must not keep them from firing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pretzel.plan.definition import Definition
from pretzel.plan.multioutput import method_of, usual_outputs
from pretzel.plan.node import Node
from pretzel.plan.steps import Names, added


def split(definition: Definition) -> list[Definition]:
    """Return a definition of the usual outputs, then one per optional method; together they have all outputs."""
    usual = usual_outputs(definition.outputs)
    groups: dict[Node | str, dict[str, Node]] = {"": {}}
    for name, node in definition.outputs.items():
        method = method_of(name)
        key = "" if name in usual else node if name == method else method  # parts of a method read the same values
        groups.setdefault(key, {})[name] = node
    return [replace(definition, outputs=outputs) for outputs in groups.values()]


def join(definition: Definition, parts: Sequence[Definition]) -> Definition:
    """Return the parts as one definition, with outputs in the order of ``definition``; equal nodes are merged."""
    nodes = {name: node for part in parts for name, node in part.outputs.items()}
    outputs = {name: nodes[name] for name in definition.outputs}
    steps: dict[Node, Names] = {}
    for part in parts:
        for node, names in part.steps.items():
            steps[node] = added(steps.get(node, ()), names)
    return replace(definition, outputs=outputs, steps=steps)
