"""Symbolic series: one column of a pandas table during a trace."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.array_functions import clip, elementwise, isin, rounded
from pretzel.importers.tracing.arrays import SymbolicArray, converted, unwrapped
from pretzel.importers.tracing.branches import loop_over
from pretzel.importers.tracing.elements import of_columns
from pretzel.importers.tracing.ending import TraceEnd, branches, mixes_rows, named, unknown
from pretzel.importers.tracing.look_ups import digits, looked_up
from pretzel.importers.tracing.single_builtins import plain
from pretzel.importers.tracing.singles import applied, element_of
from pretzel.importers.tracing.text_values import OPEN, HoldsTextsError, Text
from pretzel.importers.tracing.values import Value, of_input
from pretzel.plan import ops
from pretzel.plan.node import Node

MIXING = frozenset(
    ("mean", "std", "var", "min", "max", "sum", "median", "quantile", "mode", "rank", "shift", "diff", "cumsum",
     "cumprod", "cummax", "cummin", "pct_change", "rolling", "expanding", "ewm", "sort_values", "sort_index", "unique",
     "nunique", "value_counts", "duplicated", "drop_duplicates", "ffill", "bfill", "interpolate", "groupby", "head",
     "tail", "sample", "iloc", "any", "all", "idxmax", "idxmin", "dropna", "explode", "reindex", "reset_index",
     "is_unique", "empty", "item", "prod", "count", "transform", "agg", "factorize", "describe", "skew", "corr")
)  # fmt: skip
METHODS = {"add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "truediv": "divide",
    "floordiv": "floor_divide", "mod": "remainder", "lt": "less", "le": "less_equal", "gt": "greater",
    "ge": "greater_equal", "eq": "equal", "ne": "not_equal"}  # fmt: skip
Part = Node | Value
ROW_LABELS = object()
"""The index of a symbolic table."""


class Symbolic(operators.Operators):
    """Base of series and tables: operators, ufuncs, and the ends of a trace."""

    __array_priority__ = 2000

    def __bool__(self) -> bool:
        """End the trace: a condition of one value."""
        raise branches("bool()")

    __int__ = __float__ = __index__ = __bool__

    def __len__(self) -> int:
        """End the trace: a number of rows."""
        raise TraceEnd("len() counts rows", "use df.shape[0] to make constants, and nothing else of it")

    def __array__(self, *_: Any, **__: Any) -> Any:
        """End the trace: a function that reads memory."""
        raise TraceEnd("it needs an array in memory", "use NumPy's functions, which are traced, on it")

    def as_value(self) -> Value:
        """Return the columns as one array."""
        raise NotImplementedError

    @property
    def values(self) -> SymbolicArray:
        """The columns as an array."""
        return SymbolicArray(self.as_value())

    def to_numpy(self, dtype: Any = None, **_: Any) -> SymbolicArray:
        """Return the columns as an array."""
        return self.values if dtype is None else self.values.astype(dtype)

    def pipe(self, func: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Apply a function of this."""
        return func(self, *arguments, **options)

    def __getattr__(self, name: str) -> Any:
        """Return an operator by its name, or end the trace at an attribute that is not traced."""
        if name.startswith("_") or name == "as_value":
            raise AttributeError(name)
        if name in ("pow", "abs"):
            return getattr(self, f"__{name}__")
        if name in METHODS:
            return lambda other: operators.named_as(self._apply(getattr(np, METHODS[name]), self, other), (self, other))
        if name in MIXING:
            raise mixes_rows(f".{name}")
        raise unknown(f".{name}")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *arguments: Any, **options: Any) -> Any:
        """Apply a ufunc."""
        if method != "__call__" or options:
            raise unknown(named(ufunc))
        return operators.named_as(self._apply(ufunc, *arguments), arguments)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        """Apply a function of arrays; those that call a pandas method return what it returns."""
        if function in (np.clip, np.round, np.around) and arguments[0] is self:
            method: Any = self.clip if function is np.clip else self.round
            return method(*arguments[1:], **options)
        if function not in SymbolicArray.functions:
            raise unknown(named(function))
        return SymbolicArray.functions[function](*arguments, **options)


class SymbolicSeries(Symbolic):
    """A column; it is read, and its type settled, only when something is computed from it."""

    kinds: ClassVar[dict[type, type[SymbolicSeries]]] = {}
    """The classes of series of other values than numbers, by the class of the value."""
    dt: Any

    def __new__(cls, part: Part, name: Any = None) -> SymbolicSeries:
        """Return a series of the class for the value."""
        return object.__new__(cls.kinds.get(type(part), cls) if cls is SymbolicSeries else cls)

    def __init__(self, part: Part, name: Any = None) -> None:
        """Wrap a node that nothing has read, or a value."""
        self.part, self.name = part, name

    def as_value(self) -> Value:
        """Return the numbers.

        Raises:
            TraceEnd: the column holds texts.
        """
        if isinstance(self.part, Value):
            return self.part
        if self.part.type.is_text:
            raise TraceEnd(
                f"it computes with column {self.name!r}, which holds texts", "encode it in a step of its own"
            )
        return of_input(self.part)

    def _of(self, value: Value) -> SymbolicSeries:
        return SymbolicSeries(value, self.name)

    def _apply(self, ufunc: np.ufunc, *arguments: Any) -> Any:
        if any(isinstance(x, Symbolic) and not isinstance(x, SymbolicSeries) for x in arguments):
            return NotImplemented
        if any(holds_texts(x) for x in arguments):
            settle_open(*arguments)
            return next(x for x in arguments if type(x) is not SymbolicSeries)._apply(ufunc, *arguments)
        return self._of(elementwise(ufunc, *map(number, arguments)))

    def _power(self, base: Any, exponent: Any) -> Any:
        return self._of(operators.powered(number(base), number(exponent)))

    @property
    def dtype(self) -> np.dtype:
        """The element type."""
        return self.as_value().dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.values.shape

    @property
    def index(self) -> Any:
        """A label of rows, only passed on to constructors."""
        return ROW_LABELS

    def __iter__(self) -> Iterator[Any]:
        """Return the number of one row: a loop computes each row alone."""
        value = self.as_value()
        loop_over(value.node)
        return iter((element_of(value, open_column(self)),))

    def __getitem__(self, key: Any) -> Any:
        """End the trace: rows."""
        raise TraceEnd("it selects rows", "use np.where or .where to keep or replace values of some rows")

    def __setitem__(self, key: Any, new: Any) -> None:
        """Replace the values of a condition."""
        if not isinstance(key, SymbolicSeries):
            raise TraceEnd("it assigns to rows", "use .where or .mask")
        self.part = operators.chosen(key.as_value(), number(new), self.as_value())

    def fillna(self, value: Any = None, **_: Any) -> SymbolicSeries:
        """Replace NaN."""
        if isinstance(value, builtins.str):
            settle_open(self)
        x, new = self.as_value(), number(value)
        if x.dtype.kind != "f":
            return self._of(x)
        kept = operators.chosen(elementwise(np.isnan, x), new if isinstance(new, Value) else float(new), x)
        return self._of(converted(kept, x.dtype))

    def isna(self) -> SymbolicSeries:
        """Return whether each value is missing."""
        return self._of(elementwise(np.isnan, self.as_value()))

    def notna(self) -> Any:
        """Return whether each value is present."""
        return self._apply(np.logical_not, self.isna())

    isnull, notnull = isna, notna

    def clip(self, lower: Any = None, upper: Any = None, **_: Any) -> SymbolicSeries:
        """Limit the values."""
        return self._of(clip(self.as_value(), number(lower), number(upper)))

    def astype(self, dtype: Any, **_: Any) -> SymbolicSeries:
        """Convert to a number type."""
        dtype = plain(dtype)
        if dtype in (builtins.str, "str", "string", "category", object):
            settle_open(self)
            return SymbolicSeries(digits(self.as_value()), self.name)
        return self._of(converted(self.as_value(), dtype))

    def where(self, cond: Any, other: Any = np.nan, **_: Any) -> SymbolicSeries:
        """Keep the values of a condition."""
        return self._of(operators.chosen(number(cond), self.as_value(), number(other)))

    def mask(self, cond: Any, other: Any = np.nan, **_: Any) -> SymbolicSeries:
        """Replace the values of a condition."""
        return self._of(operators.chosen(number(cond), number(other), self.as_value()))

    def between(self, left: Any, right: Any, inclusive: str = "both") -> Any:
        """Return whether each value is in a range."""
        low = self >= left if inclusive in ("both", "left") else self > left
        return low & (self <= right if inclusive in ("both", "right") else self < right)

    def isin(self, values: Any) -> SymbolicSeries:
        """Return whether each value is one of a few."""
        if any(isinstance(value, builtins.str) for value in values):
            settle_open(self)
        return self._of(isin(self.as_value(), list(values)))

    def round(self, decimals: int = 0) -> SymbolicSeries:
        """Round half to even."""
        return self._of(rounded(self.as_value(), decimals))

    def map(self, arg: Any, na_action: Any = None) -> Any:
        """Look up numbers in a dictionary, NaN for others; or apply a function."""
        if not isinstance(arg, Mapping):
            return self.apply(arg)
        if any(isinstance(key, builtins.str) for key in arg):
            settle_open(self)
        return self._of(looked_up(self.as_value(), arg, np.nan))

    def replace(self, to_replace: Any = None, value: Any = None, **_: Any) -> SymbolicSeries:
        """Replace numbers by others."""
        pairs = to_replace if isinstance(to_replace, Mapping) else {to_replace: value}
        if any(isinstance(key, builtins.str) for key in pairs):
            settle_open(self)
        x = self.as_value()
        return self._of(looked_up(x, pairs, x))

    def apply(self, func: Callable[..., Any], args: tuple[Any, ...] = (), **options: Any) -> Any:
        """Apply a function of one value to the column: without control flow they are the same."""
        value = self.as_value()
        try:
            if value.dtype.kind in "iu":
                raise TypeError("Python's integers are unbounded")
            return of_columns(lambda x: func(x, *args, **options), self)
        except (TraceEnd, TypeError):
            one = element_of(value, open_column(self))
            return self._of(applied(lambda x: func(x, *args, **options), one, value.node))

    def copy(self, deep: bool = True) -> SymbolicSeries:
        """Return a column that later assignments do not change."""
        return SymbolicSeries(self.part, self.name)

    def rename(self, name: Any) -> SymbolicSeries:
        """Return the column under another name."""
        return SymbolicSeries(self.part, name)

    @property
    def str(self) -> Any:
        """The methods of texts, if the type of the column is unknown."""
        settle_open(self)
        raise TraceEnd(f".str of column {self.name!r}, which holds numbers", "use .astype(str) first, for integers")


def open_column(series: Any) -> builtins.str | None:
    """Return the name of the column whose type is unknown that a series is; None for any other."""
    part = getattr(series, "part", None)
    return part.column if isinstance(part, ops.Input) and part.column in OPEN.get() else None


def settle_open(*series: Any) -> None:
    """Start the trace again with texts, if a column of unknown type is among these."""
    for one in series:
        if (column := open_column(one)) is not None:
            raise HoldsTextsError(column)


def holds_texts(x: Any) -> bool:
    """Return whether this is a text, or a series of texts."""
    return isinstance(x, builtins.str) or (isinstance(x, SymbolicSeries) and isinstance(x.part, Text))


def number(argument: Any) -> Any:
    """Return the value of a series or an array; constants stay as they are."""
    if isinstance(argument, SymbolicSeries):
        return argument.as_value()
    if isinstance(argument, pd.Series):
        raise TraceEnd("a constant series has another value for each row", "use a number")
    return unwrapped(argument)
