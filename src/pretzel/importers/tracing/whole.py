"""Integers in a trace: up to which values the operators of floats answer as NumPy does in their own type."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pretzel.importers.inputs import Bounded, Computed, Inputs
from pretzel.plan import ops
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.ops.dense import TESTS
from pretzel.plan.types import NUMPY_DTYPES

LIKE_FLOATS = ("i32", "i64", "u32", "u64")
"""Integer types whose functions NumPy computes in float64."""
FLOAT_LIMIT = 2**53
DIVIDING = ("floor_divide", "remainder")
BEYOND = 2**200


def note_whole(roots: Sequence[Node], inputs: Inputs, path: str, *, by_column: bool) -> None:
    """Record for clients which integers are computed in their own type, and up to which value floats answer alike."""
    nodes = topological(roots)
    for node in nodes:
        if isinstance(node, ops.Elementwise) and node.function not in TESTS and _is_converted(node.x):
            inputs.computed.append(Computed(node.x, LIKE_FLOATS, by_column, strict=True, reader=path))
        if isinstance(node, ops.Arithmetic) and node.type.dtype == "i64":
            if node.function in DIVIDING and not _is_nonzero(node.b):
                inputs.computed.append(Computed(node, (), by_column, strict=True, reader=path))
            inputs.bounded.append(Bounded(node, _most([node]), path, by_column=by_column))
        if isinstance(node, ops.Where) and node.type.dtype == "i64":
            for chosen, other in ((node.a, node.b), (node.b, node.a)):
                if isinstance(other, ops.Constant) and not isinstance(chosen, ops.Constant):
                    most = _most([other, chosen])  # numpy.where makes the constant of the column's type
                    inputs.bounded.append(Bounded(chosen, most, path, strict=False, by_column=by_column))


def _is_converted(node: Node) -> bool:
    return isinstance(node, ops.Cast) and not node.x.type.is_float and node.x.type.dtype != "bool"


def _is_nonzero(node: Node) -> bool:
    while isinstance(node, ops.Cast):
        node = node.x
    return isinstance(node, ops.Constant) and bool((node.row.array != 0).all())


def _most(nodes: Sequence[Node]) -> dict[str, int]:
    """Return the largest magnitude of inputs, by type, for which no result wraps, or is rounded as a float.

    It is -1 if a result may be below zero, or a constant beyond the type, whatever the inputs.
    """
    below = topological(nodes)
    constants = [int(part.row.array.min()) for part in below if isinstance(part, ops.Constant) and _is_whole(part)]
    negative = min(constants, default=0) < 0 or any(
        isinstance(part, ops.Arithmetic) and part.function == "subtract" for part in below
    )
    return {
        name: -1 if kind.kind == "u" and negative else _largest(below, min(int(np.iinfo(kind).max), FLOAT_LIMIT))
        for name, kind in NUMPY_DTYPES.items()
        if kind.kind in "iu"
    }


def _is_whole(node: ops.Constant) -> bool:
    return node.row.array.dtype.kind in "iu"


def _largest(nodes: Sequence[Node], limit: int) -> int:
    most = limit
    while most and _reach(nodes, most) > limit:
        most //= 2
    return most if _reach(nodes, most) <= limit else -1


def _reach(nodes: Sequence[Node], most: int) -> int:
    """Return the largest magnitude of any integer result for inputs up to ``most``."""
    reach: dict[Node, int] = {}
    for node in nodes:
        reach[node] = _one(node, [reach[part] for part in node.inputs], most)
    return max((reach[node] for node in nodes if node.type.dtype not in ("f32", "f64", "str")), default=0)


def _one(node: Node, parts: Sequence[int], most: int) -> int:
    if isinstance(node, ops.Constant):
        array = node.row.array
        return int(np.abs(array.astype(np.float64)).max()) if np.isfinite(array).all() else BEYOND
    if node.type.dtype == "bool":
        return 1
    if isinstance(node, ops.Arithmetic) and node.function in ("add", "subtract"):
        return sum(parts)
    if isinstance(node, ops.Arithmetic) and node.function == "multiply":
        return min(parts[0] * parts[1], BEYOND)
    if isinstance(node, ops.Arithmetic) and node.function == "power":
        return min(parts[0] ** min(parts[1], 64), BEYOND) if parts[0] > 1 else 1
    if isinstance(node, ops.Bin):
        return len(node.edges)
    return max([min(part, BEYOND) for part in parts], default=most) if node.inputs else most
