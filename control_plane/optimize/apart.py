"""Optional outputs apart from the others.

Rules look at who else reads a value, and an output that is seldom asked for must not keep them from firing.
"""

from __future__ import annotations

from collections.abc import Sequence

from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parts import is_optional, usual_outputs


def apart(definition: Definition) -> list[Definition]:
    """Return the definition of the usual outputs, then one for each optional node; together they have all outputs."""
    usual = usual_outputs(definition.outputs)
    groups: dict[Node | None, dict[str, Node]] = {None: {}}
    for name, node in definition.outputs.items():
        kept = name in usual or not is_optional(name)
        groups.setdefault(None if kept else node, {})[name] = node
    return [Definition(outputs, definition.inputs, definition.metadata) for outputs in groups.values()]


def together(definition: Definition, parts: Sequence[Definition]) -> Definition:
    """Return the parts as one definition, with the outputs in the order of ``definition``; equal nodes are one."""
    found = {name: node for part in parts for name, node in part.outputs.items()}
    outputs = {name: found[name] for name in definition.outputs}
    return Definition(outputs, definition.inputs, definition.metadata)
