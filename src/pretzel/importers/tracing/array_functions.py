"""NumPy's functions of arrays that are traced, as ``__array_function__`` gets them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.arrays import SymbolicArray, converted, stacked, unwrapped
from pretzel.importers.tracing.ending import TraceEnd, mixes_rows, unknown
from pretzel.importers.tracing.values import ROWS, Value, cast, made
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter

Function = TypeVar("Function", bound=Callable[..., Any])


def traced(*functions: Any) -> Callable[[Function], Function]:
    """Register the handler of NumPy functions, over values; it returns a value."""

    def register(handler: Function) -> Function:
        def called(*arguments: Any, **options: Any) -> Any:
            opened = {name: _opened(option) for name, option in options.items()}
            return SymbolicArray(handler(*map(_opened, arguments), **opened))

        SymbolicArray.functions.update(dict.fromkeys(functions, called))
        return handler

    return register


def _opened(argument: Any) -> Any:
    if isinstance(argument, (list, tuple)):
        return type(argument)(map(_opened, argument))
    value = getattr(argument, "as_value", None)
    return value() if value is not None else unwrapped(argument)


def elementwise(ufunc: np.ufunc, *arguments: Any) -> Value:
    """Return a ufunc of values and constants, at least one of them a value."""
    return operators.applied(ufunc, arguments)


@traced(np.where)
def where(condition: Any, *choices: Any) -> Value:
    """``numpy.where`` with both choices."""
    if len(choices) != 2:
        raise mixes_rows("np.where(condition) alone")
    if not isinstance(condition, Value):
        raise unknown("np.where with a constant condition")
    return operators.chosen(condition, *choices)


@traced(np.select)
def select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Value:
    """``numpy.select``: the choice of the first true condition, in the common type of all choices."""
    examples = [x.example if isinstance(x, Value) else x for x in (*conditions, *choices, default)]
    count = len(conditions)
    example = np.select(examples[:count], examples[count:-1], examples[-1])
    result: Any = default
    for condition, choice in reversed([*zip(conditions, choices, strict=True)]):
        result = operators.chosen(condition, choice, result)
    return made(result.node, example)


@traced(np.clip)
def clip(x: Value, a_min: Any = None, a_max: Any = None, **options: Any) -> Value:
    """``numpy.clip``: the larger of x and the lower bound, then the smaller."""
    low, high = options.pop("min", a_min), options.pop("max", a_max)
    _none(options, "np.clip")
    x = x if low is None else elementwise(np.maximum, x, low)
    return x if high is None else elementwise(np.minimum, x, high)


@traced(np.round, np.around)
def rounded(x: Value, decimals: int = 0) -> Value:
    """``numpy.round``: scaled by a power of ten, rounded to even, scaled back."""
    if x.dtype.kind != "f":
        if decimals < 0 or x.dtype.kind == "b":
            raise unknown(f"np.round of {x.dtype}")
        return x
    if not decimals:
        return elementwise(np.rint, x)
    if abs(decimals) > 22:
        raise unknown(f"np.round to {decimals} decimals")
    scale, back = (np.multiply, np.divide) if decimals > 0 else (np.divide, np.multiply)
    power = float(10 ** abs(decimals))
    return elementwise(back, elementwise(np.rint, elementwise(scale, x, power)), power)


@traced(np.nan_to_num)
def nan_to_num(x: Value, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Value:
    """``numpy.nan_to_num``."""
    if x.dtype.kind != "f":
        return x
    limits = np.finfo(x.dtype)
    high, low = (limits.max if posinf is None else posinf, limits.min if neginf is None else neginf)
    kept = operators.chosen(elementwise(np.isnan, x), float(nan), x)
    kept = operators.chosen(elementwise(np.equal, x, np.inf), float(high), kept)
    return converted(operators.chosen(elementwise(np.equal, x, -np.inf), float(low), kept), x.dtype)


@traced(np.column_stack)
def column_stack(parts: Sequence[Any]) -> Value:
    """``numpy.column_stack``."""
    return stacked(_values(parts))


@traced(np.hstack)
def hstack(parts: Sequence[Any]) -> Value:
    """``numpy.hstack`` of matrices."""
    return concatenate(parts, axis=1)


@traced(np.concatenate)
def concatenate(parts: Sequence[Any], axis: int = 0) -> Value:
    """``numpy.concatenate`` of columns."""
    if axis not in (1, -1) or any(np.ndim(_example(part)) == 1 for part in parts):
        raise mixes_rows("a concatenation over axis 0")
    return stacked(_values(parts))


@traced(np.stack)
def stack(parts: Sequence[Any], axis: int = 0) -> Value:
    """``numpy.stack`` of one number per row each."""
    if axis not in (1, -1) or any(np.ndim(_example(part)) != 1 for part in parts):
        raise mixes_rows("np.stack over axis 0")
    return stacked(_values(parts))


@traced(np.reshape)
def reshape(x: Value, *shape: Any, order: str = "C") -> Value:
    """``numpy.reshape`` to the same rows."""
    shape = tuple(int(part) for part in (shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape))
    width = 1 if x.is_vector else x.example.shape[1]
    example = x.example.reshape(shape)
    if example.shape not in ((ROWS,), (ROWS, width)) or (example.ndim == 1 and width != 1):
        raise mixes_rows(f"a reshape to {shape}")
    return made(x.node, example)


@traced(np.ravel, np.squeeze)
def ravel(x: Value, axis: Any = None) -> Value:
    """``numpy.ravel`` and ``squeeze`` of one column."""
    if not x.is_vector and x.example.shape[1] != 1:
        raise mixes_rows("a matrix as one vector")
    return x.columns()[0]


SymbolicArray.flatten = lambda self: SymbolicArray(ravel(self.value))  # type: ignore[attr-defined]


@traced(np.expand_dims)
def expand_dims(x: Value, axis: int) -> Value:
    """``numpy.expand_dims`` of one number per row."""
    return made(x.node, np.expand_dims(x.example, axis))


@traced(np.copy)
def copied(x: Value, *_: Any, **__: Any) -> Value:
    """``numpy.copy``."""
    return x


@traced(np.digitize)
def digitize(x: Value, bins: Any, right: bool = False) -> Value:
    """``numpy.digitize`` with ascending bins."""
    edges = np.asarray(bins, np.float64)
    if edges.ndim != 1 or (np.diff(edges) < 0).any() or not np.isfinite(edges).all():
        raise TraceEnd("np.digitize with these bins is not traced", "use finite bins in ascending order")
    node = cast(x.node, "f64") if x.dtype.kind != "f" else x.node
    edges = np.nextafter(edges, np.inf) if right else edges
    columns = node.type.columns
    starts = Parameter.of(np.arange(columns + 1, dtype=np.int64) * len(edges))
    return made(ops.Bin(node, Parameter.of(np.tile(edges, columns)), starts), np.digitize(x.example, bins, right))


@traced(np.searchsorted)
def searchsorted(bins: Any, x: Value, side: str = "left", sorter: Any = None) -> Value:
    """``numpy.searchsorted`` in constant bins."""
    if not isinstance(x, Value) or isinstance(bins, Value) or sorter is not None:
        raise mixes_rows("np.searchsorted")
    return digitize(x, bins, right=side == "left")


@traced(np.isin)
def isin(x: Value, test_elements: Any, invert: bool = False, **_: Any) -> Value:
    """``numpy.isin`` among a few constants."""
    members = np.unique(np.asarray(test_elements)).tolist()
    if not members or len(members) > 64:
        raise unknown(f"np.isin among {len(members)} values")
    found = functools.reduce(
        functools.partial(elementwise, np.logical_or), [elementwise(np.equal, x, m) for m in members]
    )
    return elementwise(np.logical_not, found) if invert else found


@traced(np.zeros_like)
def zeros_like(x: Value, dtype: Any = None, **_: Any) -> Value:
    """``numpy.zeros_like``."""
    return full_like(x, 0, dtype)


@traced(np.ones_like)
def ones_like(x: Value, dtype: Any = None, **_: Any) -> Value:
    """``numpy.ones_like``."""
    return full_like(x, 1, dtype)


@traced(np.full_like)
def full_like(x: Value, fill_value: Any, dtype: Any = None, **_: Any) -> Value:
    """``numpy.full_like``."""
    example = np.full_like(x.example, fill_value, dtype=dtype)
    row = example[:1].reshape((1,) if x.is_vector else (1, -1))
    return made(ops.Constant(x.node, Parameter.of(row)), example)


def _example(part: Any) -> Any:
    return part.example if isinstance(part, Value) else part


def _values(parts: Sequence[Any]) -> list[Value]:
    """Return all parts as values; a constant has one value for all rows."""
    values = [part for part in parts if isinstance(part, Value)]
    return [part if isinstance(part, Value) else _constant(part, values[0]) for part in parts]


def _constant(part: Any, beside: Value) -> Value:
    array = np.asarray(part)
    if len(array) != ROWS or not all(np.array_equal(row, array[0], equal_nan=True) for row in array):
        raise TraceEnd("a constant array has another value for each row", "use np.full(X.shape[0], value)")
    row = array[:1]
    return made(ops.Constant(beside.node, Parameter.of(np.ascontiguousarray(row))), array)


def _none(options: dict[str, Any], name: str) -> None:
    if any(option is not None for option in options.values()):
        raise unknown(f"{name} with {next(iter(options))}=")
