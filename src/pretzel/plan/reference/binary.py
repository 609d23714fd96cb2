"""References of the binary operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference

MASK = 2**64 - 1


@reference(ops.Arithmetic)
def arithmetic(node: ops.Arithmetic, a: np.ndarray, b: np.ndarray) -> Any:
    """``function(a, b)``."""
    a, b = _spread(node, a, b)
    if a.dtype.kind == "i" and node.function in _WHOLE:
        results = [_wrapped(_WHOLE[node.function](int(x), int(y))) for x, y in zip(a.flat, b.flat, strict=True)]
        return np.array(results, np.int64).reshape(a.shape)
    with np.errstate(all="ignore"):
        return _FUNCTIONS[node.function](a, b)


@reference(ops.Compare)
def compare(node: ops.Compare, a: np.ndarray, b: np.ndarray) -> Any:
    """``function(a, b)``."""
    a, b = _spread(node, a, b)
    return getattr(np, node.function)(a, b)


@reference(ops.Where)
def where(node: ops.Where, condition: np.ndarray, a: np.ndarray, b: np.ndarray) -> Any:
    """``where(condition, a, b)``."""
    return np.where(*_spread(node, condition, a, b))


def _spread(node: Any, *values: np.ndarray) -> Any:
    """Broadcast values to the width of the result."""
    if node.type.width is None:
        return values
    matrices = [value[:, None] if value.ndim == 1 else value for value in values]
    return [np.broadcast_to(matrix, (len(matrix), node.type.width)) for matrix in matrices]


def _minimum(a: np.ndarray, b: np.ndarray) -> Any:
    return np.where((a != a) | (a < b), a, b)


def _maximum(a: np.ndarray, b: np.ndarray) -> Any:
    return np.where((a != a) | (a > b), a, b)


def _power(a: np.ndarray, b: np.ndarray) -> Any:
    return np.power(a.astype(np.float64), b.astype(np.float64)).astype(a.dtype)


def _whole_power(base: int, exponent: int) -> int:
    if exponent >= 0:
        return pow(base, exponent, 2**64)
    return {1: 1, -1: -1 if exponent % 2 else 1}.get(base, 0)


def _whole_quotient(a: int, b: int) -> int:
    return 0 if b == 0 else abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _whole_floor(a: int, b: int) -> int:
    return a // b if b else 0


def _whole_remainder(a: int, b: int) -> int:
    return a % b if b else 0


def _wrapped(value: int) -> int:
    return ((value + 2**63) & MASK) - 2**63


_FUNCTIONS: dict[str, Callable[[np.ndarray, np.ndarray], Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "power": _power,
    "minimum": _minimum,
    "maximum": _maximum,
    "floor_divide": np.floor_divide,
    "remainder": np.remainder,
    "arctan2": np.arctan2,
    "hypot": np.hypot,
}
_WHOLE = {
    "divide": _whole_quotient,
    "power": _whole_power,
    "floor_divide": _whole_floor,
    "remainder": _whole_remainder,
}
