"""Symbolic array: what a traced function gets in place of a NumPy array."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.ending import TraceEnd, branches, mixes_rows, named, unknown
from pretzel.importers.tracing.values import ROWS, Value, made
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter

REMEDY_ROWS = "select columns, as in X[:, 0]; np.where keeps or replaces values of some rows"


MIXING = ("sort", "argsort", "cumsum", "cumprod", "std", "var", "argmax", "argmin", "ptp", "take", "repeat", "tolist")
"""Methods of an array that read several rows."""


class RowCount(int):
    """The number of rows: it makes constant columns (``np.zeros(X.shape[0])``), and is compared with nothing."""

    def _ends(self, *_: Any) -> Any:
        raise mixes_rows("the number of rows")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __floordiv__ = _ends
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __bool__ = __float__ = _ends
    __hash__ = int.__hash__


class SymbolicArray(operators.Operators, np.lib.mixins.NDArrayOperatorsMixin):
    """Numbers of every row, behind NumPy's protocols."""

    functions: ClassVar[dict[Any, Callable[..., Any]]] = {}
    """The handlers of ``__array_function__``, filled by :mod:`pretzel.importers.tracing.array_functions`."""
    __array_priority__ = 1000

    def __init__(self, value: Value) -> None:
        """Wrap a value; assignment to columns replaces it."""
        self.value = value

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *arguments: Any, **options: Any) -> Any:
        """Apply a ufunc."""
        if method == "reduce":
            return reduced(ufunc, *arguments, **options)
        out = options.pop("out", None)
        if method != "__call__" or options:
            raise unknown(f"{named(ufunc)}{'.' + method if method != '__call__' else f' with {next(iter(options))}='}")
        if any(not isinstance(argument, KNOWN) for argument in arguments):
            return NotImplemented
        result = SymbolicArray(operators.applied(ufunc, tuple(map(unwrapped, arguments))))
        if out is not None:
            out[0].value = made(result.value.node, result.value.example.astype(out[0].value.dtype))
            return out[0]
        return result

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        """Apply a function of arrays."""
        handler = self.functions.get(function)
        if handler is None:
            raise unknown(named(function))
        return handler(*arguments, **options)

    def _apply(self, ufunc: np.ufunc, *arguments: Any) -> Any:
        if any(not isinstance(argument, KNOWN) for argument in arguments):
            return NotImplemented
        return SymbolicArray(operators.applied(ufunc, tuple(map(unwrapped, arguments))))

    def _power(self, base: Any, exponent: Any) -> Any:
        return SymbolicArray(operators.powered(unwrapped(base), unwrapped(exponent)))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape; its number of rows makes constants only."""
        return (RowCount(ROWS), *self.value.example.shape[1:])

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.value.example.ndim

    @property
    def dtype(self) -> np.dtype:
        """The element type."""
        return self.value.dtype

    @property
    def T(self) -> Any:
        """The transposed array of a vector is itself; another mixes rows."""
        if self.ndim == 1:
            return self
        raise mixes_rows("the transposed matrix")

    def __getitem__(self, key: Any) -> SymbolicArray:
        """Select columns."""
        with np.errstate(all="ignore"):
            example = self.value.example[checked_key(key, self.value)]
        columns = picked(key, self.value)
        return SymbolicArray(with_columns(self.value, columns, example))

    def __setitem__(self, key: Any, new: Any) -> None:
        """Assign columns, or the rows of a condition."""
        self.value = assigned(self.value, key, unwrapped(new))

    def __bool__(self) -> bool:
        """End the trace: a condition of one value."""
        raise branches("bool()")

    __int__ = __float__ = __index__ = __complex__ = __bool__

    def __len__(self) -> int:
        """End the trace: a number of rows."""
        raise TraceEnd("len() counts rows", "use X.shape[0] to make constants, and nothing else of it")

    def __iter__(self) -> Iterator[Any]:
        """End the trace: a loop over rows."""
        raise TraceEnd("it loops over rows", "use NumPy's functions of whole columns")

    def __array__(self, *_: Any, **__: Any) -> Any:
        """End the trace: a function that reads memory."""
        raise TraceEnd("it needs an array in memory", "use NumPy's functions, which are traced, on it")

    def __getattr__(self, name: str) -> Any:
        """Return a method that NumPy has as a function too."""
        if name.startswith("__") or not hasattr(np.ndarray, name):
            raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}")
        function = getattr(np, name, None)
        if function in self.functions:
            return lambda *arguments, **options: self.functions[function](self, *arguments, **options)
        if name in MIXING:
            raise mixes_rows(f".{name}()")
        raise unknown(f"the method {name} of an array")

    def astype(self, dtype: Any, **_: Any) -> SymbolicArray:
        """Convert to another type; values that it does not hold are rejected."""
        return SymbolicArray(converted(self.value, dtype))

    def fill(self, value: Any) -> None:
        """Set every value."""
        self.value = operators.applied(np.add, (operators.applied(np.multiply, (self.value, 0)), value))


def standing_for(original: type, symbolic: type, build: Callable[..., Any]) -> type:
    """Return a class that ``isinstance`` accepts for symbolic values too, and that ``build`` calls."""

    class Meta(type):
        def __instancecheck__(cls, value: Any) -> bool:
            return isinstance(value, (original, symbolic))

        def __call__(cls, *arguments: Any, **options: Any) -> Any:
            return build(*arguments, **options)

    return Meta(original.__name__, (), {})


KNOWN = (SymbolicArray, int, float, bool, np.generic, np.ndarray, list, tuple)


def unwrapped(argument: Any) -> Any:
    """Return the value of a symbolic array; anything else unchanged."""
    if isinstance(argument, RowCount):
        raise mixes_rows("the number of rows")
    return argument.value if isinstance(argument, SymbolicArray) else argument


def reduced(ufunc: np.ufunc, x: Any, *_: Any, **options: Any) -> Any:
    """Return a reduction over columns, by the function of that name."""
    by = {np.add: np.sum, np.multiply: np.prod, np.minimum: np.min, np.maximum: np.max}
    if ufunc not in by:
        raise unknown(f"{named(ufunc)}.reduce")
    return SymbolicArray.functions[by[ufunc]](x, axis=options.get("axis", 0))


def converted(x: Value, dtype: Any) -> Value:
    """Return ``x.astype(dtype)``; values that integers do not hold are rejected, as C leaves their conversion open."""
    with np.errstate(all="ignore"):
        example = x.example.astype(dtype)
    node = x.node
    if x.dtype.kind == "f" and example.dtype.kind in "iu":
        limits = np.iinfo(example.dtype)
        low, high = (float(np.nextafter(limit, 0.0)) for limit in (float(limits.min) - 1.0, float(limits.max) + 1.0))
        wide = node if x.dtype == np.float64 else ops.Cast(node, "f64")
        bounds = (operators.each(low, wide), operators.each(high, wide))
        reason = f"a value is converted to {example.dtype}, which does not hold it; replace NaN and infinity before"
        node = ops.RequireWithin(wide, *bounds, "FunctionTransformer", reason=reason)
    if x.dtype.kind in "fiu" and example.dtype.kind == "b":
        node = operators.truth(x)
    return made(node, example)


def checked_key(key: Any, x: Value) -> Any:
    """Return a key that selects no rows.

    Raises:
        TraceEnd: it does.
    """
    parts = key if isinstance(key, tuple) else (key,)
    if any(isinstance(part, SymbolicArray) for part in parts):
        raise TraceEnd("it selects the rows of a condition", REMEDY_ROWS)
    first = parts[0]
    if first is Ellipsis and x.example.ndim == 2 and len(parts) == 2:
        return (slice(None), parts[1])
    if first is not Ellipsis and not (isinstance(first, slice) and first == slice(None)):
        raise TraceEnd(f"it selects rows: X[{first!r:.20}]", REMEDY_ROWS)
    return key


def picked(key: Any, x: Value) -> Any:
    """Return the positions of the columns that a key selects."""
    key = checked_key(key, x)
    rest = [part for part in (key[1:] if isinstance(key, tuple) else ()) if part is not None]
    positions = np.arange(x.example.shape[1] if x.example.ndim == 2 else 1)
    return np.atleast_1d(positions[rest[0]] if rest and rest[0] is not Ellipsis else positions)


def with_columns(x: Value, positions: np.ndarray, example: np.ndarray) -> Value:
    """Return the columns of x at these positions, in the shape of the example."""
    if example.ndim == 1 or x.is_vector:
        return made(x.columns()[int(positions[0])].node, example)
    if positions.tolist() == [*range(x.example.shape[1])]:
        return made(x.node, example)
    return made(ops.Select(x.node, Parameter.of(positions.astype(np.int64))), example)


def assigned(x: Value, key: Any, new: Any) -> Value:
    """Return x after ``x[key] = new``."""
    if isinstance(key, SymbolicArray):
        return _where(x, key.value, new)
    if isinstance(key, tuple) and isinstance(key[0], SymbolicArray):
        positions = np.atleast_1d(np.arange(x.example.shape[1])[key[1]])
        columns = x.columns()
        for position in positions:
            columns[position] = _where(columns[position], key[0].value, new)
        return stacked(columns, x.dtype)
    columns, positions = x.columns(), picked(key, x)
    parts = new.columns() if isinstance(new, Value) else [new] * len(positions)
    if len(parts) != len(positions) or (not isinstance(new, Value) and np.ndim(new)):
        raise unknown("an assignment of this shape")
    for position, part in zip(positions, parts, strict=True):
        columns[position] = _typed(part, columns[position])
    return columns[0] if x.is_vector else stacked(columns, x.dtype)


def _where(x: Value, condition: Value, new: Any) -> Value:
    if condition.dtype.kind != "b" or isinstance(new, Value):
        raise TraceEnd("it assigns other values to some rows", "use np.where(condition, new, old)")
    return converted(operators.chosen(condition, new, x), x.dtype)


def _typed(new: Any, old: Value) -> Value:
    """Return an assigned column in the type of the old one."""
    if isinstance(new, Value):
        return converted(new, old.dtype)
    zero = operators.applied(np.equal, (old, old))
    return converted(operators.chosen(zero, new, new), old.dtype)


def stacked(columns: list[Value], dtype: Any = None) -> Value:
    """Return the columns of all values as one matrix, of NumPy's common type."""
    flat = [column for value in columns for column in value.columns()]
    example = np.column_stack([column.example for column in flat])
    return made(ops.Concat(tuple(column.node for column in flat)), example if dtype is None else example.astype(dtype))
