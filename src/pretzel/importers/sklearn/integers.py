"""Functions of NumPy over integers, which compute in the type of the integers or in the float that belongs to it."""

from __future__ import annotations

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Computed
from pretzel.importers.registry import Step
from pretzel.importers.sklearn.array_functions import DEGREES, computed
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.dense import FUNCTIONS
from pretzel.plan.parameter import Parameter

WRAPPING = ("square", "abs", "negative")
"""Functions that answer integers with integers of the same type, which wrap."""
TRACKED = frozenset(FUNCTIONS) - {"ceil", "floor", "rint", "sign", "trunc"} | {made.__name__ for made in DEGREES}
"""Functions whose result for integers is known by their type; NumPy's rounding of integers depends on its version."""
LIKE_FLOATS = ("i32", "i64", "u32", "u64")
"""Integers for which the other functions compute in float64."""


def applied_to_integers(name: str, x: Columns, step: Step) -> Columns | None:
    """Return a function of NumPy of every value, in the type that it answers with; None where x holds no integers.

    A table of pandas is computed column by column, an array in its one type.

    Source: ``numpy.ufunc`` (its type resolution), ``pandas.DataFrame.__array_ufunc__``.

    Raises:
        UnsupportedError: it would compute in float16, or divides integers.
    """
    step.inputs.tells_integers = True
    parts = x.settled() if x.frame else [x.array()]
    if all(part.type.is_float or part.type.is_text or part.type.layout != "dense" for part in parts):
        return None
    return Columns(tuple(_applied(name, part, step, by_column=x.frame) for part in parts), frame=x.frame)


def multiplied_by_integer(x: Node, weight: int, step: Step, *, by_column: bool) -> Node:
    """Return integers times a Python integer, in their own type; of a table of pandas, ``by_column``."""
    step.inputs.tells_integers = True
    if step.inputs.trial:
        step.inputs.computed.append(Computed(x, (), by_column))
    wide = x if x.type.dtype == "i64" else ops.Cast(x, "i64")
    factor = ops.Constant(wide, Parameter.of(np.full((1, x.type.columns), weight, np.int64)))
    made = ops.Arithmetic(wide, factor, "multiply")
    return made if x.type.dtype in ("i64", "bool") else ops.Cast(made, x.type.dtype)


def _applied(name: str, x: Node, step: Step, *, by_column: bool) -> Node:
    if x.type.is_float:
        return _computed(name, x)
    dtype, by_value = x.type.dtype, name in (*WRAPPING, "reciprocal")
    if step.inputs.trial:
        step.inputs.computed.append(Computed(x, () if by_value else LIKE_FLOATS, by_column))
        return ops.Cast(x, dtype if name in WRAPPING else "f64")
    if name in WRAPPING and dtype != "bool":
        return _wrapping(name, x)
    if by_value or x.type.numpy.itemsize == 1:
        reason = f"{name} of {x.type.numpy.name} is computed by other rules than of floats"
        raise step.refuse("func", reason, "convert the column to float64 first")
    return _computed(name, ops.Cast(x, "f64" if dtype in LIKE_FLOATS else "f32"))


def _computed(name: str, x: Node) -> Node:
    made = computed(getattr(np, name), x, {})
    assert made is not None
    return made


def _wrapping(name: str, x: Node) -> Node:
    """Return an integer function, computed in int64 and cut to the type of x, which wraps as NumPy does."""
    wide = x if x.type.dtype == "i64" else ops.Cast(x, "i64")
    if name == "square":
        made: Node = ops.Arithmetic(wide, wide, "multiply")
    else:
        zero = ops.Constant(wide, Parameter.of(np.zeros((1, x.type.columns), np.int64)))
        made = ops.Arithmetic(zero, wide, "subtract")
        if name == "abs":
            made = wide if x.type.dtype[0] == "u" else ops.Where(ops.Compare(wide, zero, "less"), made, wide)
    return made if x.type.dtype == "i64" else ops.Cast(made, x.type.dtype)
