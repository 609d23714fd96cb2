"""Limit the work of importing a file, over all nodes: a few bytes can request hours and gigabytes."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import numpy as np

from pretzel.importers.onnx.values import MOST, Extents, Lines, Maps, Rows, Value
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

FOR_EACH_BYTE = 4
"""Numbers allowed per byte of a file, in addition to those allowed for any file."""
OPERATOR = 1024
"""The cost of one plan operator, in numbers: creating one takes about as long."""
LOOKED_AT = 16
"""Columns that are inspected in the time of creating one number."""


class Budget:
    """The remaining budget of a file, in numbers."""

    def __init__(self, file_bytes: int) -> None:
        """Start with the budget of any file, plus more for a larger one."""
        self.most = self.left = MOST + FOR_EACH_BYTE * file_bytes

    def spend(self, numbers: int) -> bool:
        """Subtract from the budget; return whether it sufficed."""
        self.left -= numbers
        return self.left >= 0


def cost(inputs: Iterable[Value | None], results: Iterable[Value]) -> int:
    """Return the cost of a node: the values read and created, and the operators of its results."""
    values = [value for value in inputs if value is not None]
    nodes = _between([_node(value) for value in results], {_node(value) for value in values})
    read = sum(numbers(value) if isinstance(value, np.ndarray) else columns(value) // LOOKED_AT for value in values)
    return read + sum(map(columns, results)) + OPERATOR * len(nodes) + _parameters(nodes)


def numbers(array: np.ndarray) -> int:
    """Return the size of a constant in numbers; for texts the characters that it has room for."""
    return array.nbytes // 4 if array.dtype.kind == "U" else array.size


def columns(value: Value) -> int:
    """Return the size of one row in numbers."""
    rows = value.rows if isinstance(value, (Maps, Lines)) else value
    return prod(rows.tail) if isinstance(rows, Rows) else 0


def _node(value: Value) -> Node | None:
    if isinstance(value, (Maps, Extents, Lines)):
        return value.rows.node
    return value.node if isinstance(value, Rows) else None


def _between(ends: list[Node | None], begins: set[Node | None]) -> list[Node]:
    """Return the nodes from ``ends`` back to ``begins``, excluding ``begins``."""
    seen, stack = begins | {None}, list(ends)
    between: list[Node] = []
    while stack:
        node = stack.pop()
        if node is not None and node not in seen:
            seen.add(node)
            between.append(node)
            stack += node.inputs
    return between


def _parameters(nodes: list[Node]) -> int:
    """Return the size of the parameters of nodes in numbers, shared ones counted once; texts in bytes."""
    sizes = {parameter.digest: _size(parameter) for node in nodes for parameter in node.parameters.values()}
    return sum(sizes.values())


def _size(parameter: Parameter) -> int:
    return parameter.digest.size if parameter.dtype == "str" else prod(parameter.shape)
