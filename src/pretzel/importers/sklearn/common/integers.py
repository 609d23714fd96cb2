"""Computation in integer types: NumPy functions of integers, and results that the library keeps in the type of X."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Bounded, Computed, Open
from pretzel.importers.registry import Step
from pretzel.importers.sklearn.common.matrices import vector
from pretzel.importers.sklearn.preprocessing.array_functions import DEGREES, computed
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.dense import FUNCTIONS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import DTYPE_NAMES, NUMPY_DTYPES

WRAPPING = ("square", "abs", "negative")
"""Functions that return integers of the same type for integers, and wrap on overflow."""
TRACKED = frozenset(FUNCTIONS) - {"ceil", "floor", "sign", "trunc"} | {function.__name__ for function in DEGREES}
"""Functions whose result type for integers is known; NumPy's rounding of integers down, up and to zero depends
on its version."""
LIKE_FLOATS = ("i32", "i64", "u32", "u64")
"""Integer types for which the other functions compute in float64."""
TO_FLOATS = "convert it to float64 first"

MODEST = 1024
"""Largest weight for which the product with an integer exact in float64 is exact in int64 and rounds alike."""


def applied_to_integers(name: str, x: Columns, step: Step) -> Columns | None:
    """Apply a NumPy function to every value, in its result type; return None if x holds no integers.

    A pandas table is computed column by column, an array in its one type.

    Source: ``numpy.ufunc`` (its type resolution), ``pandas.DataFrame.__array_ufunc__``.

    Raises:
        UnsupportedError: it would compute in float16, or divides integers.
    """
    step.inputs.tells_integers = True
    parts = x.settled() if x.frame else [x.array()]
    if all(part.type.is_float or part.type.is_text or part.type.layout != "dense" for part in parts):
        return None
    return Columns(tuple(_applied(name, part, step, by_column=x.frame) for part in parts), frame=x.frame)


def note_reader(x: Columns, name: str, kinds: str, *, by_column: bool) -> None:
    """Record for clients which step computes with an input as sent (``pretzel.client.functions.refuse_integers``)."""
    for part in x.parts:
        if isinstance(part, Open):
            positions = None if part.positions is None else list(part.positions)
            noted = part.inputs.metadata.setdefault("functions", {}).setdefault(part.name, [])
            noted.append([name, positions, kinds, by_column])


def multiplied(x: Node, weight: Any, step: Step, *, by_column: bool, polars: bool = False) -> Node:
    """Return every value times a number, in the type in which the library multiplies.

    A pandas table is multiplied ``by_column``.  ``polars``: the library multiplies a polars table.

    Raises:
        UnsupportedError: no plan computes in that type.
    """
    if x.type.is_text:
        return _scaled(x, weight, "f64")
    step.inputs.tells_integers |= isinstance(weight, (int, np.integer))
    if by_column and not polars and isinstance(weight, np.generic):
        weight = weight.item()  # as pandas converts it
    product_type = _of_polars(x, weight) if polars else (np.ones(1, x.type.numpy) * type(weight)(1)).dtype
    if product_type not in DTYPE_NAMES:
        reason = f"of {x.type.numpy.name} and a weight of type {type(weight).__name__} it makes {product_type}"
        raise step.refuse("transformer_weights", reason, "give a weight that is a float of Python, as 2.0")
    if product_type.kind in "iu" and x.type.layout == "dense":
        return _multiplied_by_integer(x, weight, product_type, step, by_column=by_column)
    return _scaled(x, weight, DTYPE_NAMES[product_type] if product_type.kind == "f" else "f64")


def _of_polars(x: Node, weight: Any) -> Any:
    """Return the type of the product in a polars table; a model with ``set_output("polars")`` has polars installed."""
    table = importlib.import_module("polars").DataFrame({"x": np.ones(1, x.type.numpy)}) * weight
    name = str(table["x"].dtype).lower()
    return next((dtype for dtype in DTYPE_NAMES if dtype.name == name), name)


def _scaled(x: Node, weight: Any, dtype: str) -> Node:
    floats = Columns.of(x).numbers(dtype)
    return ops.Affine(floats, Parameter.of(np.full(floats.type.columns, weight, floats.type.numpy)))


def _multiplied_by_integer(x: Node, weight: int, product_type: np.dtype, step: Step, *, by_column: bool) -> Node:
    limits = np.iinfo(product_type)
    if step.inputs.trial:
        step.inputs.computed.append(Computed(x, ("i64",) if abs(weight) <= MODEST else (), by_column))
        most = _most(lambda kind: int(np.iinfo(kind).max) // max(abs(int(weight)), 1))
        step.inputs.bounded.append(Bounded(x, most, strict=False))
    elif not limits.min <= weight <= limits.max:
        remedy = "give a weight that is a float, or convert the column to float64 first"
        raise step.refuse("transformer_weights", f"NumPy multiplies no {product_type} by {weight}", remedy)
    wide = x if x.type.dtype == "i64" else ops.Cast(x, "i64")
    factor = ops.Constant(wide, Parameter.of(np.full((1, x.type.columns), weight, np.int64)))
    product = ops.Arithmetic(wide, factor, "multiply")
    return product if product_type == np.int64 else ops.Cast(product, DTYPE_NAMES[product_type])


def kept_whole(x: Columns, step: Step) -> Node | None:
    """Return x as the array of integers whose type truncates the results; None if it holds floats.

    Raises:
        UnsupportedError: the previous step returns booleans.
    """
    array = _whole_array(x, step)
    if array is not None and step.inputs.trial:
        step.inputs.computed.append(Computed(array, (), by_column=False, strict=True, reader=step.path))
    return array


def multiplied_whole(x: Columns, step: Step, most: Callable[[np.dtype], int]) -> Node | None:
    """Return x as float64 if the library multiplies integers in their own type; None if x holds floats.

    ``most``: returns the largest value of a type whose products do not wrap; larger values are rejected.

    Raises:
        UnsupportedError: the previous step returns booleans.
    """
    array = _whole_array(x, step)
    if array is None:
        return None
    return unwrapped_or_noted(array, most, step)


def unwrapped_or_noted(whole: Node, most: Callable[[np.dtype], int], step: Step) -> Node:
    """Return integers as float64; values whose products would wrap in their type are rejected."""
    types = _most(most)
    if step.inputs.trial:
        step.inputs.bounded.append(Bounded(whole, types, step.path))
    return unwrapped(whole, types[whole.type.dtype], step)


def _most(most: Callable[[np.dtype], int]) -> dict[str, int]:
    """Return the largest value of each type; for 64 bits, one that no larger float64 rounds to."""
    whole = {name: kind for name, kind in NUMPY_DTYPES.items() if kind.kind in "iu"}
    return {
        name: int(np.nextafter(float(most(kind)), 0.0)) if kind.itemsize == 8 else most(kind)
        for name, kind in whole.items()
    }


def unwrapped(whole: Node, most: int, step: Step) -> Node:
    """Return integers as float64; values beyond ``most``, whose products wrap, are rejected."""
    reason = f"products in {whole.type.numpy.name} wrap around; {TO_FLOATS}"
    return _within(ops.Cast(whole, "f64"), -float(most), float(most), step, reason)


def cut_to(whole: Node, floats: Node, step: Step) -> Node:
    """Return float64 values truncated to the type of ``whole``, as on assignment to an array of that type.

    Values outside the type's range are rejected, because C leaves their conversion undefined.
    """
    limits, dtype = np.iinfo(whole.type.numpy), whole.type.numpy.name
    low, high = (float(np.nextafter(limit, 0.0)) for limit in (float(limits.min) - 1.0, float(limits.max) + 1.0))
    reason = f"it keeps its results as {dtype}, which does not hold this one; {TO_FLOATS}"
    return ops.Cast(_within(floats, low, high, step, reason), whole.type.dtype)


def _whole_array(x: Columns, step: Step) -> Node | None:
    step.inputs.tells_integers = True
    array = x.array()
    if array.type.is_float or array.type.layout != "dense":
        return None
    if array.type.dtype == "bool":
        raise step.refuse("", "it computes booleans by other rules than numbers", TO_FLOATS, about_input=True)
    step.inputs.whole.add(step.path)
    if x.frame:
        step.inputs.joined.append(array)
    return array


def _within(x: Node, low: float, high: float, step: Step, reason: str) -> Node:
    least, most = (vector(limit, x.type.columns) for limit in (low, high))
    return ops.RequireWithin(x, least, most, type(step.estimator).__name__, reason=reason)


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
    node = computed(getattr(np, name), x, {})
    assert node is not None
    return node


def _wrapping(name: str, x: Node) -> Node:
    """Return an integer function, computed in int64 and truncated to the type of x, which wraps like NumPy."""
    wide = x if x.type.dtype == "i64" else ops.Cast(x, "i64")
    if name == "square":
        result: Node = ops.Arithmetic(wide, wide, "multiply")
    else:
        zero = ops.Constant(wide, Parameter.of(np.zeros((1, x.type.columns), np.int64)))
        result = ops.Arithmetic(zero, wide, "subtract")
        if name == "abs":
            result = wide if x.type.dtype[0] == "u" else ops.Where(ops.Compare(wide, zero, "less"), result, wide)
    return result if x.type.dtype == "i64" else ops.Cast(result, x.type.dtype)
