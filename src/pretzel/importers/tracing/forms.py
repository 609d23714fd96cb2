"""The types of columns for which a traced function gives another answer than its operators, found by calls.

Operators compute with floats and texts in which NaN is missing.  pandas computes by other rules with nullable types,
those of Arrow, booleans and objects, and polars by its own: a function is called with each, on random rows, and a type
for which it returns other values is recorded, so that clients reject it.  A type for which it raises is not.
"""

from __future__ import annotations

import functools
import importlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pretzel.adapters.column_forms import MISSING
from pretzel.importers.tracing.random_rows import Rows, evaluated, random_rows, rows_at, table_of
from pretzel.importers.tracing.trace import Given, Result
from pretzel.plan import ops
from pretzel.plan.dates import NAT, DateForm
from pretzel.plan.graph import topological

MOST = 160
"""Rows of each call."""
TOLERANCE = 1e-6
Make = Callable[[Any], Any]


def refused_forms(function: Callable[..., Any], given: Given, result: Result) -> dict[str, tuple[str, ...]]:
    """Return for each column that the operators read the names of the forms for which the function answers otherwise.

    Only for functions of tables.
    """
    computed = [node for node in result.parts if node not in given.inputs]
    read = [node for node in topological(computed) if node in given.inputs and node.type.width is None]
    if given.names is None or not read:
        return {}
    drawn = random_rows(function, given, result)
    some = rows_at(drawn, range(min(MOST, len(drawn))))
    calls = _Calls(function, given, result)
    found = {node.column: [form for form, differs in calls.of_column(node, some) if differs] for node in read}
    for form in calls.of_polars(read, some):
        for node in read:
            found[node.column].append(form)
    return {name: tuple(sorted(set(forms))) for name, forms in found.items() if forms}


class _Calls:
    """Calls of one function with columns of other types."""

    def __init__(self, function: Callable[..., Any], given: Given, result: Result) -> None:
        self._function, self._given, self._result = function, given, result
        self._pandas = importlib.import_module("pandas")

    def of_column(self, node: ops.Input, rows: Rows) -> Iterator[tuple[str, bool]]:
        """Yield each form of one column, and whether the function answers otherwise for it."""
        column = node.column
        if column in dict(self._given.dates):
            yield from self._of_dates(node, rows)
            return
        if not (node.type.is_text or node.type.is_float):
            return  # integers and booleans have rules of their own
        held = rows_at(rows, np.flatnonzero(~_missing(rows.columns[column])))
        holed = evaluated(rows.definition, {**rows.columns, column: _with_holes(rows.columns[column])})
        for form, kind in self._kinds(node):
            yield form, self._differs(node, held, functools.partial(_typed, kind=kind))
            yield form + MISSING, self._differs(node, holed, functools.partial(_with_na, kind=kind))
        if node.type.is_text and holed is not None:  # objects without missing values have their own rules
            gone = rows_at(holed, np.flatnonzero(_missing(holed.columns[column])))
            yield "none", self._differs(node, gone, _as_objects)
        else:
            yield "none", self._differs(node, holed, _as_objects)
            yield from self._of_booleans(node, rows)

    def _of_booleans(self, node: ops.Input, rows: Rows) -> Iterator[tuple[str, bool]]:
        drawn = np.random.default_rng(0).integers(0, 2, len(rows)).astype(np.float64)
        flags = evaluated(rows.definition, {**rows.columns, node.column: drawn})
        holed = evaluated(rows.definition, {**rows.columns, node.column: _with_holes(drawn)})
        arrow = importlib.import_module("pyarrow")
        yield "bool", self._differs(node, flags, functools.partial(_typed, kind=bool))
        yield "none", self._differs(node, holed, _as_flags)
        for kind in ("boolean", self._pandas.ArrowDtype(arrow.bool_())):
            yield "bool" + MISSING, self._differs(node, holed, functools.partial(_as_flags, kind=kind))

    def _of_dates(self, node: ops.Input, rows: Rows) -> Iterator[tuple[str, bool]]:
        ticks = rows.columns[node.column]
        form = DateForm.parse(dict(self._given.dates)[node.column])
        arrow = importlib.import_module("pyarrow")
        kind = self._pandas.ArrowDtype(
            arrow.duration(form.unit) if form.spans else arrow.timestamp(form.unit, tz=form.zone)
        )
        held = rows_at(rows, np.flatnonzero(~_missing(ticks)))
        gone = np.where(np.arange(len(ticks)) % 3 == 1, NAT, ticks)
        holed = evaluated(rows.definition, {**rows.columns, node.column: gone})
        for name, some in (("arrow", held), ("arrow" + MISSING, holed)):
            yield name, self._differs(node, some, functools.partial(_typed, kind=kind))

    def _kinds(self, node: ops.Input) -> Iterator[tuple[str, Any]]:
        """Yield the extension types of a column."""
        arrow = importlib.import_module("pyarrow")
        if node.type.is_text:
            yield "masked", "string"
            yield "arrow", self._pandas.ArrowDtype(arrow.string())
        else:
            yield "masked", "Float64"
            yield "arrow", self._pandas.ArrowDtype(arrow.float64())

    def _differs(self, node: ops.Input, rows: Rows | None, make: Make) -> bool:
        if rows is None or not len(rows):
            return False
        table = table_of(self._given, rows.columns)
        name = self._given.names[self._given.inputs.index(node)]  # type: ignore[index]
        table[name] = make(table[name])
        return self._answers_otherwise(table, rows)

    def _answers_otherwise(self, table: Any, rows: Rows) -> bool:
        x = table[table.columns[0]] if self._given.vector else table
        return answers_otherwise(self._function, x, rows)

    def of_polars(self, read: list[ops.Input], rows: Rows) -> list[str]:
        """Return the forms of polars tables for which the function answers otherwise."""
        try:
            polars = importlib.import_module("polars")
        except ImportError:
            return ["polars"]
        missing = np.any([_missing(rows.columns[node.column]) for node in read], axis=0)
        held = rows_at(rows, np.flatnonzero(~missing))
        holes = {node.column: _with_holes(rows.columns[node.column]) for node in read}
        holed = evaluated(rows.definition, {**rows.columns, **holes})
        forms = [("polars", held, True), ("polars" + MISSING, holed, True), ("polars" + MISSING, holed, False)]
        found = []
        for form, some, nulls in forms:
            if some is None or not len(some):
                continue
            try:
                table = polars.from_pandas(table_of(self._given, some.columns), nan_to_null=nulls)
            except polars.exceptions.PolarsError:  # it has no such columns: of a time zone without a name
                continue
            if self._answers_otherwise(table, some):
                found.append(form)
        return found


def answers_otherwise(function: Callable[..., Any], table: Any, rows: Rows) -> bool:
    """Return whether a function returns something else for a table than a trace for its rows, and raises no error."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            returned = _columns(function(table))
    except Exception:  # the library raises too
        return False
    if any(callable(value) for column in returned for value in column[:1]):
        return False  # a method of polars where pandas has a value
    traced = [column for values in rows.traced for column in (values.T if values.ndim == 2 else [values])]
    return len(returned) != len(traced) or any(map(_differ, returned, traced))


def _with_holes(values: Any) -> Any:
    """Return values of which a third are missing."""
    if isinstance(values, list):
        return [None if i % 3 == 1 else value for i, value in enumerate(values)]
    missing = np.arange(len(values)) % 3 == 1
    return np.where(missing, np.nan, values).astype(values.dtype) if values.dtype.kind == "f" else values


def _missing(values: Any) -> np.ndarray:
    if isinstance(values, list):
        return np.array([value is None for value in values], bool)
    return np.asarray(values == NAT) if values.dtype == np.int64 else np.asarray(values != values)


def _typed(column: Any, kind: Any) -> Any:
    return column.astype(kind)


def _with_na(column: Any, kind: Any) -> Any:
    """Return a column of an extension type, in which NaN is NA."""
    missing = column.isna()
    typed = column.astype(kind)
    typed[missing] = typed.dtype.na_value
    return typed


def _as_objects(column: Any) -> Any:
    """Return a column of objects with None for missing values."""
    return column.astype(object).where(column.notna(), None)


def _as_flags(column: Any, kind: Any = object) -> Any:
    """Return a column of booleans, of which some are missing."""
    missing = column.isna()
    return (column == 1).astype(object).where(~missing, None).astype(kind)


def _columns(returned: Any) -> list[list[Any]]:
    """Return the columns of a result as lists of objects."""
    if hasattr(returned, "get_columns"):
        return [_listed_by_polars(column) for column in returned.get_columns()]
    if hasattr(returned, "iloc") and returned.ndim == 2:
        return [_listed(returned.iloc[:, i]) for i in range(returned.shape[1])]
    array = np.asarray(returned.to_list() if hasattr(returned, "to_list") else returned, object)
    return [column.tolist() for column in (array.T if array.ndim == 2 else [array])]


def _listed(column: Any) -> list[Any]:
    """Return a column of pandas as a list, of dates their ticks."""
    if column.dtype.kind not in "Mm":
        return list(column.tolist())
    if hasattr(column.array, "asi8"):
        return list(column.array.asi8.tolist())
    return list(column.array.__arrow_array__().cast("int64").fill_null(NAT).to_pylist())


def _listed_by_polars(column: Any) -> list[Any]:
    return list((column.to_physical().fill_null(NAT) if column.dtype.is_temporal() else column).to_list())


def _differ(returned: list[Any], traced: np.ndarray) -> bool:
    if len(returned) != len(traced):
        return True
    return not all(map(_is_same, returned, traced.tolist()))


def _is_same(want: Any, got: Any) -> bool:
    if _is_missing(want) or _is_missing(got):
        return _is_missing(want) and _is_missing(got)
    if isinstance(want, str) or isinstance(got, str):
        return bool(want == got)
    return bool(want == got) or abs(float(want) - float(got)) <= TOLERANCE * abs(float(want))


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ in ("NAType", "NaTType") or bool(value != value)
