"""Small integers next to float32 in a sample table: NumPy converts both to float32, and integers alone to float64.

The type therefore depends on the columns that each step selects.  The definition is made with the types of the sample,
and the integer inputs are then sent as float32, which holds each of them exactly, and missing values too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pretzel.importers.samples import is_table
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.graph import rewritten, topological
from pretzel.plan.node import Node
from pretzel.plan.types import DTYPE_NAMES, ValueType, is_small

MOVES = (ops.Select, ops.Concat, ops.Column)


def small_beside_floats(sample: Any, used: Mapping[str, Node]) -> dict[str, ValueType]:
    """Return the inputs of small integers or booleans in a pandas table; empty without float32 inputs."""
    if not is_table(sample) or not hasattr(sample, "iloc"):
        return {}
    if not any(node.type.dtype == "f32" for node in used.values()):
        return {}
    kinds = {str(name): kind for name, kind in zip(sample.columns, sample.dtypes, strict=True)}
    return {name: ValueType(DTYPE_NAMES[kinds[name]]) for name in used if is_small(kinds.get(name))}


def sent_as_float32(definition: Definition, small: Mapping[str, ValueType]) -> Definition | None:
    """Return the definition with these inputs as float32; None if a step computes with the integers."""
    nodes = topological(definition.outputs.values())
    moved: set[Node] = {node for node in nodes if isinstance(node, ops.Input) and node.column in small}
    for node in nodes:
        if not moved.isdisjoint(node.inputs):
            if isinstance(node, MOVES) and not node.type.is_float:
                moved.add(node)
            elif not (isinstance(node, ops.Concat) or (isinstance(node, ops.Cast) and node.type.is_float)):
                return None
    if not moved.isdisjoint(definition.outputs.values()):
        return None

    def change(node: Node) -> Node | None:
        if not isinstance(node, ops.Input) or node.column not in small:
            return None
        return ops.Input(node.column, str(ValueType("f32", node.type.width)))

    made = rewritten([*definition.outputs.values(), *definition.inputs], change)
    outputs = {name: made[node] for name, node in definition.outputs.items()}
    inputs = tuple(node for one in definition.inputs if isinstance(node := made[one], ops.Input))
    steps = {made[node]: names for node, names in definition.steps.items() if node in made}
    return Definition(outputs, inputs, definition.metadata, steps)
