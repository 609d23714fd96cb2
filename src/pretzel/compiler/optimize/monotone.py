"""Increasing scalings: translate a condition on their results to a condition on x, to the bit, by bisection.

Rounded or not, ``(x - m) / s`` with a positive s never decreases as x increases.  So ``scaled(x) <= t`` holds up to
some number and for none above it.  Bisection over the floats, which are ordered like their bits, finds that number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pretzel.compiler.optimize.columns import over_columns
from pretzel.plan.node import Node
from pretzel.plan.ops import Affine, Cast, Input, Standardize
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference import REFERENCES

Function = Callable[[np.ndarray], np.ndarray]


def grows(node: Node) -> bool:
    """Return whether a node never decreases as x increases, and maps numbers to numbers, infinities to infinities."""
    match node:
        case Affine():
            return _positive(node.scale) and _finite(node.shift)
        case Standardize():
            return _positive(node.scale) and _finite(node.mean)
        case Cast():
            return node.type.is_float and node.x.type.is_float
    return False


def composed(chain: Sequence[Node], columns: np.ndarray) -> Function:
    """Return what a chain of columnwise operators computes, first to last, for rows that hold only ``columns``."""
    x: Node = Input("", f"{chain[0].inputs[0].type.dtype}[{len(columns)}]")
    narrowed = [x := over_columns(node, columns, x) for node in chain]

    def function(values: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            for node in narrowed:
                values = REFERENCES[type(node)](node, values)
        return values

    return function


def finite_range(function: Function, width: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return for each of ``width`` columns the smallest and largest f64 for which an increasing function is finite.

    None if it is finite nowhere.
    """
    most = np.finfo(np.float64).max
    with np.errstate(all="ignore"):
        high = last(lambda x: function(x) < np.inf, width)
        low = -last(lambda x: function(-x) > -np.inf, width)
    finite = np.isfinite(function(np.vstack([low, high]))).all() and (low <= high).all()
    return (np.maximum(low, -most), np.minimum(high, most)) if finite else None


def last(holds: Callable[[np.ndarray], np.ndarray], width: int, dtype: str = "f8") -> np.ndarray:
    """Return for each of ``width`` columns the largest x, infinities included, for which ``holds``; NaN for none.

    ``holds`` must be true below any x for which it is true.  Zero means both zeros, which compare equal.
    """
    bits = f"i{dtype[1:]}"
    infinite = np.array(np.inf, dtype).view(bits)[()]
    good, bad = np.full(width, -infinite - 1, bits), np.full(width, infinite + 1, bits)
    while (unresolved := good + 1 < bad).any():
        middle = (good >> 1) + (bad >> 1) + (good & bad & 1)
        held = holds(_float(middle, dtype)[None])[0]
        good, bad = np.where(unresolved & held, middle, good), np.where(unresolved & ~held, middle, bad)
    return np.where(good < -infinite, np.array(np.nan, dtype), _float(good, dtype))


def _float(rank: np.ndarray, dtype: str) -> np.ndarray:
    """Return the float at a rank in the order of all floats: 0 is zero, 1 the next above it, -1 the next below it."""
    magnitudes: np.ndarray = np.abs(rank).view(dtype)
    return np.where(rank < 0, -magnitudes, magnitudes)


def _positive(scale: Parameter | None) -> bool:
    return scale is None or bool((np.isfinite(scale.array) & (scale.array > 0)).all())


def _finite(shift: Parameter | None) -> bool:
    return shift is None or bool(np.isfinite(shift.array).all())
