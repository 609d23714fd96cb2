"""Scalings that grow with x: what can be said about their results is said about x, to the bit, by bisection.

Rounded or not, ``(x - m) / s`` with a positive s never falls as x rises.  So ``scaled(x) <= t`` holds up to some number
and for none beyond it, and that number is found by bisecting the floats, which lie in the order of their bits.
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
    """Whether a node never falls as its x rises, with numbers for numbers and infinities for infinities."""
    match node:
        case Affine():
            return _positive(node.scale) and _finite(node.shift)
        case Standardize():
            return _positive(node.scale) and _finite(node.mean)
        case Cast():
            return node.type.is_float and node.x.type.is_float
    return False


def composed(chain: Sequence[Node], columns: np.ndarray) -> Function:
    """Return what a chain of columnwise operators computes, first to last, for rows that hold just ``columns``."""
    x: Node = Input("", f"{chain[0].inputs[0].type.dtype}[{len(columns)}]")
    narrowed = [x := over_columns(node, columns, x) for node in chain]

    def function(values: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            for node in narrowed:
                values = REFERENCES[type(node)](node, values)
        return values

    return function


def finite_range(function: Function, width: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return for each of ``width`` columns the smallest and the largest f64 for which a growing function is finite.

    None where it is finite for no number.
    """
    most = np.finfo(np.float64).max
    with np.errstate(all="ignore"):
        high = last(lambda x: function(x) < np.inf, width)
        low = -last(lambda x: function(-x) > -np.inf, width)
    known = np.isfinite(function(np.vstack([low, high]))).all() and (low <= high).all()
    return (np.maximum(low, -most), np.minimum(high, most)) if known else None


def last(holds: Callable[[np.ndarray], np.ndarray], width: int, dtype: str = "f8") -> np.ndarray:
    """Return for each of ``width`` columns the largest x, infinities included, for which ``holds``; NaN for none.

    What holds for some x holds for every smaller one.  Zero stands for both zeros, which compare as equals.
    """
    bits = f"i{dtype[1:]}"
    infinite = np.array(np.inf, dtype).view(bits)[()]
    good, bad = np.full(width, -infinite - 1, bits), np.full(width, infinite + 1, bits)
    while (open_ := good + 1 < bad).any():
        middle = (good >> 1) + (bad >> 1) + (good & bad & 1)
        held = holds(_float(middle, dtype)[None])[0]
        good, bad = np.where(open_ & held, middle, good), np.where(open_ & ~held, middle, bad)
    return np.where(good < -infinite, np.array(np.nan, dtype), _float(good, dtype))


def _float(place: np.ndarray, dtype: str) -> np.ndarray:
    """Return the float at a place in the order of all: 0 is zero, 1 the smallest above it, -1 the largest below it."""
    magnitudes: np.ndarray = np.abs(place).view(dtype)
    return np.where(place < 0, -magnitudes, magnitudes)


def _positive(scale: Parameter | None) -> bool:
    return scale is None or bool((np.isfinite(scale.array) & (scale.array > 0)).all())


def _finite(shift: Parameter | None) -> bool:
    return shift is None or bool(np.isfinite(shift.array).all())
