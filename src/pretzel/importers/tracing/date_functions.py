"""``pandas.to_datetime`` of symbolic columns: of texts by a fixed format, and of numbers of a unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pretzel.importers.tracing import moments
from pretzel.importers.tracing.array_functions import elementwise
from pretzel.importers.tracing.clocks import READING
from pretzel.importers.tracing.dates import SymbolicDates
from pretzel.importers.tracing.ending import TraceEnd, unknown
from pretzel.importers.tracing.moments import Moments
from pretzel.importers.tracing.operators import chosen, each
from pretzel.importers.tracing.series import Symbolic, SymbolicSeries
from pretzel.importers.tracing.values import ROWS, Value, cast
from pretzel.plan import ops
from pretzel.plan.dates import NAT
from pretzel.plan.node import Node
from pretzel.plan.ops.dates import ISO, formats_of, pieces_of

DIGITS = "each field has all of its digits, as %Y, %m, %d, %H, %M, %S, %f and %y"
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "D": 86400.0, "h": 3600.0, "m": 60.0}
WITHIN = 2.0**62 / 10**9
"""Seconds on both sides of 1970 within which nanoseconds fit in int64."""


def to_datetime(arg: Any, errors: str = "raise", **options: Any) -> Any:
    """``pandas.to_datetime``; scalars and constants are computed by pandas."""
    if not isinstance(arg, Symbolic):
        if isinstance(arg, str) and arg.strip() in READING:
            raise TraceEnd(f"pd.to_datetime({arg!r}) reads the clock", "use a constant date")
        return pd.to_datetime(arg, errors=errors, **options)
    if not isinstance(arg, SymbolicSeries):
        raise unknown("pd.to_datetime of a table")
    utc = bool(options.pop("utc", False))
    others = [name for name, value in options.items() if name not in ("format", "unit") and value is not None]
    if others:
        raise unknown(f"pd.to_datetime with {others[0]}=")
    dates = _read(arg, errors, options.get("format"), options.get("unit"))
    return _in_utc(dates) if utc else dates


def _read(series: SymbolicSeries, errors: str, format: str | None, unit: str | None) -> SymbolicSeries:
    if isinstance(series, SymbolicDates):
        return series
    text = _text_of(series)
    if text is not None:
        return SymbolicSeries(_parsed(text, errors, format), series.name)
    if errors != "raise" or format is not None:
        remedy = "give a sample, whose types show the columns of texts; leave out errors= and format= for numbers"
        raise TraceEnd("pd.to_datetime of numbers is traced with unit= alone", remedy)
    return SymbolicSeries(_counted(series.as_value(), unit or "ns"), series.name)


def _text_of(series: SymbolicSeries) -> Node | None:
    part: Any = series.part
    node: Node = getattr(part, "node", part)
    return node if node.type.is_text else None


def _parsed(text: Node, errors: str, format: str | None) -> Moments:
    if errors not in ("raise", "coerce") or (errors == "coerce" and format in (None, ISO)):
        remedy = "give it a format: pandas guesses one from the first text of a batch"
        raise TraceEnd(f"pd.to_datetime of texts with errors={errors!r} and without format= is not traced", remedy)
    try:
        format = format or ISO
        unit = np.datetime_data(pd.to_datetime(pd.Series([_sample(format)]), format=format).dtype)[0]
        node = ops.ParseDate(text, format, unit, errors == "coerce")
    except Exception as error:
        raise TraceEnd(f"the format {format!r:.40} is not traced ({error!s:.120})", f"use one where {DIGITS}") from None
    return moments.of_unit(node, unit, spans=False)


def _sample(format: str) -> str:
    pieces_of(format)
    return str(pd.Timestamp("2004-05-06 07:08:09.123456").strftime(formats_of(format)[-1]))


def _counted(x: Value, unit: str) -> Moments:
    """Return whole numbers of a unit since 1970 as dates, in the unit that pandas chooses for those."""
    if unit not in SECONDS or x.dtype.kind not in "iuf" or not x.is_vector:
        remedy = "send the column as dates: float64 does not hold nanoseconds" if unit == "ns" else "use unit='s'"
        raise TraceEnd(f"pd.to_datetime of {x.dtype} with unit={unit!r} is not traced", remedy)
    absent = elementwise(np.isnan, x)
    wide = Value(cast(chosen(absent, 0.0, x).node, "f64"), np.zeros(ROWS))
    if x.dtype.kind == "f":
        below = _within(elementwise(np.subtract, wide, elementwise(np.floor, wide)), 0.0, unit)
        wide = elementwise(np.add, wide, below)
    ticks = ops.Cast(_within(wide, float(WITHIN / SECONDS[unit]), unit).node, "i64")
    scaled = ops.DateScale(ticks, round(SECONDS[unit] * 10**6), 1)
    us = ops.Where(absent.node, moments.ticks_everywhere(NAT, scaled), scaled)
    return moments.in_unit(moments.of_unit(us, "us", spans=False), _unit_of_numbers(unit))


def _unit_of_numbers(unit: str) -> str:
    return str(np.datetime_data(pd.to_datetime(pd.Series([1.0]), unit=unit).dtype)[0])


def _within(x: Value, most: float, unit: str) -> Value:
    """Return numbers, each checked to be of this magnitude at most."""
    reason = f"it is not a whole number of {unit} since 1970 that fits in nanoseconds of int64"
    bounds = each(-most, x.node), each(most, x.node)
    return Value(ops.RequireWithin(x.node, *bounds, "FunctionTransformer", reason=reason), x.example)


def _in_utc(series: SymbolicSeries) -> Any:
    """Return dates in UTC."""
    dates: Any = series
    return dates.dt.tz_localize("UTC") if dates.part.zone is None else dates.dt.tz_convert("UTC")
