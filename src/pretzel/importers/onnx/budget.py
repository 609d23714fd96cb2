"""How much a file may ask for, all of its nodes together: a few bytes of a graph can stand for hours and gigabytes."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import numpy as np

from pretzel.importers.onnx.values import MOST, Extents, Lines, Maps, Rows, Value
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

FOR_EACH_BYTE = 4
"""Numbers that each byte of a file may stand for, beside those that any file may."""
OPERATOR = 1024
"""What an operator of the plan counts as, in numbers: making one takes about as long."""
LOOKED_AT = 16
"""How many columns are looked at in the time that one number takes to be made."""


class Budget:
    """What a file may still ask for, in numbers."""

    def __init__(self, file_bytes: int) -> None:
        """Begin with what any file may ask for, and more for a larger one."""
        self.most = self.left = MOST + FOR_EACH_BYTE * file_bytes

    def spend(self, numbers: int) -> bool:
        """Whether so much was left."""
        self.left -= numbers
        return self.left >= 0


def cost(inputs: Iterable[Value | None], results: Iterable[Value]) -> int:
    """Return what a node came to: what was read and made, and the operators that its results are made of."""
    given = [value for value in inputs if value is not None]
    nodes = _between([_node(value) for value in results], {_node(value) for value in given})
    read = sum(numbers(value) if isinstance(value, np.ndarray) else columns(value) // LOOKED_AT for value in given)
    return read + sum(map(columns, results)) + OPERATOR * len(nodes) + _kept(nodes)


def numbers(array: np.ndarray) -> int:
    """Return the numbers of a constant; of texts the letters that it has room for."""
    return array.nbytes // 4 if array.dtype.kind == "U" else array.size


def columns(value: Value) -> int:
    """Return the numbers of one row."""
    rows = value.rows if isinstance(value, (Maps, Lines)) else value
    return prod(rows.tail) if isinstance(rows, Rows) else 0


def _node(value: Value) -> Node | None:
    if isinstance(value, (Maps, Extents, Lines)):
        return value.rows.node
    return value.node if isinstance(value, Rows) else None


def _between(ends: list[Node | None], begins: set[Node | None]) -> list[Node]:
    """Return the nodes from some on to others, these without."""
    seen, stack = begins | {None}, list(ends)
    found: list[Node] = []
    while stack:
        node = stack.pop()
        if node is not None and node not in seen:
            seen.add(node)
            found.append(node)
            stack += node.inputs
    return found


def _kept(nodes: list[Node]) -> int:
    """Return the numbers of the parameters of nodes, those that several share once; of texts their bytes."""
    kept = {given.digest: _size(given) for node in nodes for given in node.parameters.values()}
    return sum(kept.values())


def _size(parameter: Parameter) -> int:
    return parameter.digest.size if parameter.dtype == "str" else prod(parameter.shape)
