"""Symbolic table: what a traced function gets in place of a pandas DataFrame, and pandas' own functions of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pretzel.importers.tracing.array_functions import elementwise
from pretzel.importers.tracing.arrays import SymbolicArray, stacked
from pretzel.importers.tracing.elements import of_columns
from pretzel.importers.tracing.ending import TraceEnd, mixes_rows, unknown
from pretzel.importers.tracing.reductions import averaged_without_nan, summed_without_nan
from pretzel.importers.tracing.series import ROW_LABELS, Part, Symbolic, SymbolicSeries, number
from pretzel.importers.tracing.singles import Row, applied, rows_of
from pretzel.importers.tracing.text_values import Text, constant_text
from pretzel.importers.tracing.values import ROWS, Value, made
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter

BY_COLUMN = ("fillna", "isna", "isnull", "notna", "notnull", "clip", "abs", "round", "astype", "replace", "isin")
"""Methods of a table that call that of each column."""


class SymbolicFrame(Symbolic):
    """Named columns."""

    def __init__(self, parts: Mapping[Any, Part]) -> None:
        """Hold columns in order."""
        self._parts = dict(parts)

    @property
    def parts(self) -> dict[Any, Part]:
        """The columns by name."""
        return self._parts

    @property
    def columns(self) -> pd.Index:
        """The names."""
        return pd.Index(list(self._parts))

    @columns.setter
    def columns(self, names: Sequence[Any]) -> None:
        self._parts = dict(zip(names, self._parts.values(), strict=True))

    @property
    def shape(self) -> tuple[Any, int]:
        """The shape; its number of rows makes constants only."""
        return (next(iter(self._series())).shape[0], len(self._parts))

    @property
    def index(self) -> Any:
        """A label of rows, only passed on to constructors."""
        return ROW_LABELS

    def _series(self) -> list[SymbolicSeries]:
        return [SymbolicSeries(part, name) for name, part in self._parts.items()]

    def as_value(self) -> Value:
        """Return all columns as one matrix of NumPy's common type."""
        return stacked([series.as_value() for series in self._series()])

    def _each(self, function: Callable[[SymbolicSeries], SymbolicSeries]) -> SymbolicFrame:
        return SymbolicFrame({series.name: function(series).part for series in self._series()})

    def _apply(self, ufunc: np.ufunc, *arguments: Any) -> Any:
        def one(series: SymbolicSeries) -> Any:
            chosen = [x[series.name] if isinstance(x, (SymbolicFrame, pd.Series)) else x for x in arguments]
            return series._of(elementwise(ufunc, *map(number, chosen)))

        if any(isinstance(x, pd.Series) and set(x.index) != set(self._parts) for x in arguments):
            raise TraceEnd("a series with other names than the table is aligned", "select the same columns first")
        if any(isinstance(x, (SymbolicSeries, SymbolicArray, np.ndarray)) for x in arguments):
            raise unknown("an operation between a table and a column")
        frame = next(x for x in arguments if isinstance(x, SymbolicFrame))
        return frame._each(one)

    def _power(self, base: Any, exponent: Any) -> Any:
        if not isinstance(base, SymbolicFrame) or not isinstance(exponent, (int, float)):
            raise unknown("this power of a table")
        return base._each(lambda series: series**exponent)

    def __getattr__(self, name: str) -> Any:
        """Return a column, or a method that calls that of each column."""
        if name in self.__dict__.get("_parts", {}):
            return self[name]
        if name in BY_COLUMN:
            return lambda *arguments, **options: self._each(lambda x: called_by_name(x, name, arguments, options))
        return super().__getattr__(name)

    def __getitem__(self, key: Any) -> Any:
        """Select columns."""
        if isinstance(key, (Symbolic, SymbolicArray)):
            raise TraceEnd("it selects the rows of a condition", "use .where or np.where, which keep all rows")
        if isinstance(key, (list, pd.Index)):
            return SymbolicFrame({name: self._parts[name] for name in key})
        if isinstance(key, slice):
            raise TraceEnd("it selects rows", "select columns by their names")
        return SymbolicSeries(self._parts[key], key)

    def __setitem__(self, key: Any, new: Any) -> None:
        """Set a column."""
        self._parts[key] = self._as_part(new)

    def _as_part(self, new: Any) -> Part:
        if isinstance(new, SymbolicSeries):
            return new.part
        rows = rows_of(new)
        value = number(new) if rows is None else rows
        if isinstance(value, Text):
            return value
        if isinstance(value, Value):
            return value.columns()[0] if value.example.ndim == 2 and value.example.shape[1] == 1 else value
        if isinstance(value, str):
            return Text.of(constant_text(value, self._anchor().node))
        return constant_column(value, self._anchor())

    def _anchor(self) -> Value:
        """Return a column from which constants take their number of rows."""
        part = next((x.part for x in self._series() if not is_text(x)), next(iter(self._parts.values())))
        return Value(part.node if isinstance(part, Value) else part, np.zeros(ROWS))

    def __contains__(self, name: Any) -> bool:
        """Return whether there is a column."""
        return name in self._parts

    def __iter__(self) -> Iterator[Any]:
        """Return the names."""
        return iter(self._parts)

    def copy(self, deep: bool = True) -> SymbolicFrame:
        """Return a table that later assignments do not change."""
        return SymbolicFrame(self._parts)

    def assign(self, **new: Any) -> SymbolicFrame:
        """Return the table with more columns."""
        result = self.copy()
        for name, column in new.items():
            result[name] = column(result) if callable(column) and not isinstance(column, Symbolic) else column
        return result

    def drop(self, labels: Any = None, *, axis: Any = 0, columns: Any = None, **_: Any) -> SymbolicFrame:
        """Return the table without some columns."""
        names = columns if columns is not None else labels
        if columns is None and axis not in (1, "columns"):
            raise mixes_rows("dropping rows")
        dropped = [names] if isinstance(names, str) else list(names)
        missing = [name for name in dropped if name not in self._parts]
        if missing:
            raise KeyError(f"{missing} not found in axis")
        return SymbolicFrame({name: part for name, part in self._parts.items() if name not in dropped})

    def rename(self, *, columns: Any, **_: Any) -> SymbolicFrame:
        """Return the table with other names."""
        new = columns if callable(columns) else lambda name: columns.get(name, name)
        return SymbolicFrame({new(name): part for name, part in self._parts.items()})

    def pop(self, name: Any) -> SymbolicSeries:
        """Remove a column and return it."""
        return SymbolicSeries(self._parts.pop(name), name)

    def apply(self, func: Callable[..., Any], axis: Any = 0, **_: Any) -> Any:
        """Apply a function of each column, or of a row, which is the same as of the table without control flow."""
        if axis not in (1, "columns"):
            return self._each(func)
        try:
            return of_columns(func, self)
        except (TraceEnd, TypeError):
            return SymbolicSeries(applied(lambda row: func(row), Row(self), self._anchor().node))

    def map(self, func: Callable[..., Any], **options: Any) -> SymbolicFrame:
        """Apply a function of each value."""
        return self._each(lambda series: series.apply(func, **options))

    @property
    def loc(self) -> Locations:
        """The table by labels."""
        return Locations(self, by_name=True)

    @property
    def iloc(self) -> Locations:
        """The table by positions."""
        return Locations(self, by_name=False)

    def sum(self, axis: Any = 0, **_: Any) -> SymbolicSeries:
        """Add the columns, without NaN."""
        return self._reduced(summed_without_nan, axis, "sum")

    def mean(self, axis: Any = 0, **_: Any) -> SymbolicSeries:
        """Average the columns, without NaN."""
        return self._reduced(averaged_without_nan, axis, "mean")

    def min(self, axis: Any = 0, **_: Any) -> SymbolicSeries:
        """Return the least of the columns."""
        return self._reduced(lambda x, axis: SymbolicArray.functions[np.nanmin](x, axis=axis).value, axis, "min")

    def max(self, axis: Any = 0, **_: Any) -> SymbolicSeries:
        """Return the largest of the columns."""
        return self._reduced(lambda x, axis: SymbolicArray.functions[np.nanmax](x, axis=axis).value, axis, "max")

    def any(self, axis: Any = 0, **_: Any) -> SymbolicSeries:
        """Return whether a column is true."""
        return self._reduced(lambda x, axis: SymbolicArray.functions[np.any](x, axis=axis).value, axis, "any")

    def all(self, axis: Any = 0, **_: Any) -> SymbolicSeries:
        """Return whether all columns are true."""
        return self._reduced(lambda x, axis: SymbolicArray.functions[np.all](x, axis=axis).value, axis, "all")

    def _reduced(self, function: Any, axis: Any, name: str) -> SymbolicSeries:
        if axis not in (1, "columns"):
            raise mixes_rows(f".{name}() over rows")
        return SymbolicSeries(function(self.as_value(), axis=1))


def called_by_name(series: Any, name: str, arguments: Any, options: dict[str, Any]) -> Any:
    """Call a method of a column, with the entry of its name in place of constants that have one for each column."""
    given = [*arguments, *options.values()]
    by_name = [
        x for x in given if isinstance(x, pd.Series) or (name in ("fillna", "astype") and isinstance(x, Mapping))
    ]
    if not by_name:
        return getattr(series, name)(*arguments, **options)
    if any(series.name not in x for x in by_name):
        return series

    def chosen(x: Any) -> Any:
        return x[series.name] if any(x is one for one in by_name) else x

    return getattr(series, name)(*map(chosen, arguments), **{key: chosen(x) for key, x in options.items()})


class Locations:
    """``loc`` and ``iloc`` of a symbolic table, for all rows, or for the rows of a condition in an assignment."""

    def __init__(self, frame: SymbolicFrame, *, by_name: bool) -> None:
        """Refer to a table."""
        self.frame, self.by_name = frame, by_name

    def __getitem__(self, key: Any) -> Any:
        """Select columns."""
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        if not isinstance(rows, slice) or rows != slice(None):
            raise TraceEnd("it selects rows", "use np.where, which keeps all rows")
        return self.frame[self._names(columns)]

    def __setitem__(self, key: Any, new: Any) -> None:
        """Set columns, or their values in the rows of a condition."""
        rows, column = key if isinstance(key, tuple) else (key, slice(None))
        name = self._names(column)
        if isinstance(rows, slice) and rows == slice(None):
            self.frame[name] = new
        elif isinstance(rows, SymbolicSeries) and not isinstance(name, list) and name in self.frame:
            self.frame[name] = self.frame[name].mask(rows, new)
        else:
            raise TraceEnd("this assignment is not traced", "use df[name] = np.where(condition, new, old)")

    def _names(self, columns: Any) -> Any:
        names = self.frame.columns
        if isinstance(columns, slice):
            return list(names[names.slice_indexer(columns.start, columns.stop)] if self.by_name else names[columns])
        if self.by_name:
            return columns
        return list(names[columns]) if isinstance(columns, list) else names[columns]


def is_text(series: SymbolicSeries) -> bool:
    """Return whether a column holds texts."""
    node = series.part.node if isinstance(series.part, Value) else series.part
    return node.type.is_text


def constant_column(value: Any, beside: Value) -> Value:
    """Return one number for every row, typed as pandas types a new column."""
    array = np.asarray(value)
    if array.ndim and (len(array) != ROWS or not all(row == array[0] or row != row for row in array)):
        raise TraceEnd("a column of constants has another value for each row", "use one value")
    row = array.reshape(-1)[:1]
    if row.dtype.kind not in "biuf":
        raise TraceEnd(f"a column of {value!r:.40} is not traced", "use numbers")
    return made(ops.Constant(beside.node, Parameter.of(row)), np.full(ROWS, row[0]))


def _named(*names: Any) -> Any:
    """Return the first name; 0 without one, as pandas has it."""
    return next((name for name in names if name is not None), 0)


SymbolicSeries.to_frame = lambda self, name=None: SymbolicFrame({_named(name, self.name): self.part})  # type: ignore[attr-defined]
