"""Python's integers of one row, which are unbounded: rows whose result leaves int64 are rejected."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.narrower import BEYOND_INT64
from pretzel.importers.tracing.values import Value, cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

GROWING = (np.add, np.subtract, np.multiply, np.power, np.negative)
LARGEST = 2**62
"""Results from here on are rejected; float64, by which they are found, is far closer to them than int64's end is."""
LENGTH = 2**31


def checked(ufunc: np.ufunc, arguments: tuple[Any, ...], result: Value) -> Value:
    """Return the result of Python's operator on integers, for rows in which it is within int64.

    Raises:
        TraceEnd: a constant is beyond int64.
    """
    if result.dtype.kind not in "iu" or ufunc not in GROWING or _most(result.node) < LARGEST:
        return result
    floats = tuple(_as_float(argument) for argument in arguments)
    near = operators.applied(ufunc, floats)
    most = Parameter.of(np.array([float(LARGEST)]))
    least = Parameter.of(np.array([-float(LARGEST)]))
    within = ops.RequireWithin(near.node, least, most, "FunctionTransformer", reason=BEYOND_INT64)
    test = operators.applied(np.less_equal, (Value(within, near.example), float(LARGEST)))
    return operators.chosen(test, result, 0)


def check_constant(value: Any) -> None:
    """Reject a constant beyond int64.

    Raises:
        TraceEnd: it is.
    """
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise TraceEnd(f"the constant {value} is beyond int64", "use floats, as in 1e20")


def _as_float(argument: Any) -> Any:
    return (
        Value(cast(argument.node, "f64"), np.ones(len(argument.example)))
        if isinstance(argument, Value)
        else float(argument)
    )


def _most(node: Node) -> float:
    """Return the largest magnitude that integers of a node may have."""
    if isinstance(node, (ops.MeasureText, ops.CountTokens)):
        return LENGTH
    if isinstance(node, ops.Cast):
        return _most(node.x) if node.x.type.dtype in ("i64", "bool") or node.x.type.dtype[0] in "iu" else 2.0**53
    if node.type.dtype == "bool":
        return 1
    if isinstance(node, ops.Constant):
        return float(np.abs(node.row.array.astype(np.float64)).max(initial=0.0))
    if isinstance(node, ops.Where):
        return max(_most(node.a), _most(node.b))
    if isinstance(node, ops.Arithmetic) and node.function in ("add", "subtract"):
        return _most(node.a) + _most(node.b)
    if isinstance(node, ops.Arithmetic) and node.function == "multiply":
        return _most(node.a) * _most(node.b)
    if isinstance(node, ops.Arithmetic) and node.function in ("remainder", "floor_divide", "minimum", "maximum"):
        return max(_most(node.a), _most(node.b))
    bits = {"i8": 7, "i16": 15, "i32": 31, "u8": 8, "u16": 16, "u32": 32}.get(node.type.dtype, 63)
    return 2.0**bits
