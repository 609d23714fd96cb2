"""Small integers beside float32 in the table of a sample: NumPy makes float32 of both, and float64 of integers alone.

So it depends on the columns that each step selects.  The definition is made with the types of the sample, and the
inputs of integers are then sent as float32, which holds each of them, and a missing value too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pretzel.importers.samples import is_table
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.graph import rewrite, topological
from pretzel.plan.node import Node
from pretzel.plan.types import DTYPE_NAMES, ValueType, is_small

MOVES = (ops.Select, ops.Concat, ops.Column)


def small_beside_floats(sample: Any, used: Mapping[str, Node]) -> dict[str, ValueType]:
    """Return the inputs that hold small integers or booleans in a table of pandas; none without float32 beside them."""
    if not is_table(sample) or not hasattr(sample, "iloc"):
        return {}
    if not any(node.type.dtype == "f32" for node in used.values()):
        return {}
    kinds = {str(name): kind for name, kind in zip(sample.columns, sample.dtypes, strict=True)}
    return {name: ValueType(DTYPE_NAMES[kinds[name]]) for name in used if is_small(kinds.get(name))}


def sent_as_float32(definition: Definition, small: Mapping[str, ValueType]) -> Definition | None:
    """Return the definition with float32 in place of these inputs; None where a step computes with the integers."""
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

    made = rewrite([*definition.outputs.values(), *definition.inputs], change)
    outputs = dict(zip(definition.outputs, made, strict=False))
    inputs = tuple(node for node in made[len(outputs) :] if isinstance(node, ops.Input))
    return Definition(outputs, inputs, definition.metadata)
