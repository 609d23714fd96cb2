"""pandas' functions and classes as traced functions see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.array_functions import digitize, elementwise
from pretzel.importers.tracing.arrays import SymbolicArray, standing_for
from pretzel.importers.tracing.clocks import TIMESTAMP
from pretzel.importers.tracing.date_functions import to_datetime
from pretzel.importers.tracing.dummies import SymbolicCategories, categories, get_dummies
from pretzel.importers.tracing.elements import of_condition
from pretzel.importers.tracing.ending import TraceEnd, mixes_rows, unknown
from pretzel.importers.tracing.series import ROW_LABELS, Part, Symbolic, SymbolicSeries, number
from pretzel.importers.tracing.singles import TextRows, records_of, rows_of
from pretzel.importers.tracing.strings import SymbolicText
from pretzel.importers.tracing.tables import SymbolicFrame
from pretzel.importers.tracing.text_numbers import numeric
from pretzel.importers.tracing.text_values import Text, missing
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter


def _frame(data: Any = None, index: Any = None, columns: Any = None, **options: Any) -> Any:
    """``pandas.DataFrame`` of symbolic columns."""
    if isinstance(data, SymbolicFrame):
        return data[list(columns)] if columns is not None else data.copy()
    if isinstance(data, SymbolicArray):
        parts = data.value.columns()
        return SymbolicFrame(dict(zip(range(len(parts)) if columns is None else columns, parts, strict=True)))
    records = records_of(data)
    if records is not None:
        return SymbolicFrame({name: records[name] for name in (columns if columns is not None else records)})
    rows = rows_of(data)
    if rows is not None:
        return _frame(SymbolicArray(rows), columns=range(len(rows.columns())) if columns is None else columns)
    if isinstance(data, Mapping) and any(map(_is_column, data.values())):
        first = next(x for x in data.values() if _is_column(x))
        anchor = SymbolicFrame({0: _part_of(first)})
        return SymbolicFrame({name: anchor._as_part(column) for name, column in data.items()})
    return pd.DataFrame(data, index, columns, **options)


def _is_column(x: Any) -> bool:
    return isinstance(x, (SymbolicSeries, SymbolicArray)) or rows_of(x) is not None


def _part_of(x: Any) -> Part:
    rows = rows_of(x)
    return rows if rows is not None else x.part if isinstance(x, SymbolicSeries) else number(x)


def _cut(
    x: Any, bins: Any, right: bool = True, labels: Any = None, include_lowest: bool = False, **options: Any
) -> Any:
    """``pandas.cut`` of numbers in fixed bins, with ``labels=False`` or a label for each."""
    edges = np.asarray(bins, np.float64)
    if not isinstance(x, SymbolicSeries) or edges.ndim != 1 or options:
        raise TraceEnd("pd.cut with this many bins reads several rows together", "give the edges of the bins")
    if labels is None:
        raise TraceEnd("pd.cut returns intervals", "give labels=False, or a label for each bin")
    value = x.as_value()
    codes = elementwise(np.subtract, digitize(value, edges[np.isfinite(edges)], right), int(np.isfinite(edges[0])))
    low, high = edges[0], edges[-1]
    above = elementwise(np.greater if right and not include_lowest else np.greater_equal, value, low)
    below = elementwise(np.less_equal if right else np.less, value, high)
    inside = elementwise(np.logical_and, above, below)
    if include_lowest and right:
        codes = operators.chosen(elementwise(np.equal, value, low), 0, codes)
    if labels is False:
        return SymbolicSeries(operators.chosen(inside, elementwise(np.multiply, codes, 1.0), np.nan), x.name)
    if not all(isinstance(label, str) for label in labels):
        raise TraceEnd("these labels of pd.cut are not traced", "use texts, or labels=False")
    known = operators.chosen(inside, codes, -1)
    return SymbolicSeries(Text.of(ops.TextOfCode(known.node, Parameter.strings(list(labels)))), x.name)


def _concat(objects: Any, *, axis: Any = 0, **_: Any) -> SymbolicFrame:
    """``pandas.concat`` of columns."""
    if axis not in (1, "columns"):
        raise mixes_rows("pd.concat over rows")
    parts: dict[Any, Part] = {}
    for part in objects:
        parts |= part.parts if isinstance(part, SymbolicFrame) else {part.name: part.part}
    return SymbolicFrame(parts)


def _series(data: Any = None, index: Any = None, name: Any = None, **options: Any) -> Any:
    """``pandas.Series`` of one symbolic column."""
    if isinstance(data, TextRows):
        return SymbolicSeries(data.value, name)
    rows = rows_of(data)
    if rows is not None:
        return SymbolicSeries(rows, name)
    if isinstance(data, (SymbolicArray, SymbolicSeries)):
        return SymbolicSeries(_part_of(data), name)
    return data if index is ROW_LABELS else pd.Series(data, index=index, name=name, **options)


def _isna(x: Any) -> Any:
    """``pandas.isna``."""
    if isinstance(x, SymbolicText):
        return of_condition(missing(x.node))
    if isinstance(x, SymbolicArray):
        return np.isnan(x)
    return x.isna() if isinstance(x, Symbolic) else pd.isna(x)


def _to_numeric(arg: Any, errors: str = "raise", **options: Any) -> Any:
    """``pandas.to_numeric``."""
    if not isinstance(arg, SymbolicSeries):
        return pd.to_numeric(arg, errors=errors, **options)
    if options or errors not in ("raise", "coerce"):
        raise unknown("pd.to_numeric with these options")
    if isinstance(arg.part, Text):
        return SymbolicSeries(numeric(arg.part.node, coerce=errors == "coerce"), arg.name)
    number(arg)
    return arg.copy()


PANDAS = {
    "DataFrame": standing_for(pd.DataFrame, SymbolicFrame, _frame), "concat": _concat,
    "cut": _cut, "get_dummies": get_dummies,
    "Categorical": standing_for(pd.Categorical, SymbolicCategories, categories),
    "Series": standing_for(pd.Series, SymbolicSeries, _series), "isna": _isna, "isnull": _isna,
    "to_datetime": to_datetime, "to_numeric": _to_numeric, "Timestamp": TIMESTAMP,
    "notna": lambda x: ~_isna(x), "notnull": lambda x: ~_isna(x),
}  # fmt: skip
"""pandas' functions over symbolic tables."""
