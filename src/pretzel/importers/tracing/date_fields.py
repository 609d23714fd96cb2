"""The ``.dt`` of a symbolic series: fields of dates and spans, rounding down, time zones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pretzel.importers.tracing import moments, operators
from pretzel.importers.tracing.array_functions import elementwise
from pretzel.importers.tracing.date_names import DAYS, MONTHS, formatted, named
from pretzel.importers.tracing.date_rounding import AMBIGUOUS, Rounding, shifted
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.moments import Moments
from pretzel.importers.tracing.tables import SymbolicFrame
from pretzel.importers.tracing.values import ROWS, Value
from pretzel.importers.tracing.zones import local, zone_of
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.dates import UNITS

FIELDS = {
    **{name: name for name in ("year", "month", "day", "hour", "minute", "second", "microsecond", "nanosecond")},
    **{name: "day_of_week" for name in ("day_of_week", "dayofweek", "weekday")},
    **{name: "day_of_year" for name in ("day_of_year", "dayofyear")},
    **{name: "days_in_month" for name in ("days_in_month", "daysinmonth")},
}
"""The fields of pandas, and those of the operator."""
OF_SPANS = {"days": "days", "seconds": "seconds", "microseconds": "microsecond", "nanoseconds": "nanosecond"}
STARTS = {"month": (), "quarter": (1, 4, 7, 10), "year": (1,)}
ENDS = {"month": (), "quarter": (3, 6, 9, 12), "year": (12,)}
"""The months that begin and end a period; none for every month."""


class SpanFields(Rounding):
    """``.dt`` of time spans."""

    def _local(self) -> Node:
        node: Node = self._of.node
        return node

    def __getattr__(self, name: str) -> Any:
        """Return a field."""
        return self._made(self._field(self._of.node, OF_SPANS[name])) if name in OF_SPANS else super().__getattr__(name)

    def total_seconds(self) -> Any:
        """Return the seconds, with fractions; pandas 3 adds the part below a second to whole ones, which rounds."""
        node, scale = self._of.node, self._of.form.per_second
        if scale == 1 or not _splits_seconds():
            return self._made(elementwise(np.divide, self._field(node, "ticks"), float(scale)))
        rest = ops.DateArithmetic(node, ops.DateScale(node, scale, scale), "subtract")
        below = elementwise(np.divide, self._field(rest, "ticks"), float(scale))
        return self._made(elementwise(np.add, self._field(ops.DateScale(node, 1, scale), "ticks"), below))


def _splits_seconds() -> bool:
    """Return whether this pandas does so."""
    return float(pd.Series([-1]).astype("m8[us]").dt.total_seconds()[0]) != -1e-6


class Fields(Rounding):
    """``.dt`` of dates, in their time zone."""

    def _local(self) -> Node:
        return local(self._of.node, self._of.form.unit, self._of.zone) if self._of.zone else self._of.node

    def _part(self, name: str) -> Value:
        return self._field(self._local(), name)

    def __getattr__(self, name: str) -> Any:
        """Return a field."""
        if name in FIELDS:
            return self._made(self._part(FIELDS[name]))
        if name == "quarter":
            quarters = elementwise(np.floor_divide, elementwise(np.subtract, self._part("month"), 1.0), 3.0)
            return self._made(elementwise(np.add, quarters, 1.0))
        if name == "is_leap_year":
            return self._made(elementwise(np.equal, self._part("days_in_year"), 366.0))
        what, _, where = name.removeprefix("is_").partition("_")
        if name.startswith("is_") and what in STARTS and where in ("start", "end"):
            return self._made(self._bound(what, where))
        return super().__getattr__(name)

    def _bound(self, period: str, where: str) -> Value:
        """Return whether each day is the first or the last of a period."""
        day, last = self._part("day"), self._part("days_in_month") if where == "end" else 1.0
        result = elementwise(np.equal, day, last)
        months = (STARTS if where == "start" else ENDS)[period]
        if not months:
            return result
        among = [elementwise(np.equal, self._part("month"), float(month)).node for month in months]
        while len(among) > 1:
            among = [operators.logic("or", among[0], among[1]), *among[2:]]
        return Value(operators.logic("and", result.node, among[0]), np.zeros(ROWS, np.bool_))

    @property
    def tz(self) -> Any:
        """The time zone."""
        return getattr(self._series.dtype, "tz", None)

    def day_name(self, locale: Any = None) -> Any:
        """Return the English name of the day of the week."""
        return self._named("day_of_week", DAYS, locale)

    def month_name(self, locale: Any = None) -> Any:
        """Return the English name of the month."""
        return self._named("month", MONTHS, locale, first=1)

    def _named(self, field: str, names: Sequence[str], locale: Any, first: int = 0) -> Any:
        if locale is not None:
            raise TraceEnd("names of dates in a locale are not traced", "leave out locale=, or use .map of numbers")
        return self._made(named(self._part(field), names, first))

    def strftime(self, date_format: str) -> Any:
        """Return each date as a text of a format."""
        return self._made(formatted(date_format, self._part))

    def normalize(self) -> Any:
        """Return midnight of the same day."""
        return self.floor("D")

    def isocalendar(self) -> Any:
        """Return year, week and day of ISO 8601."""
        weekday = elementwise(np.add, self._part("day_of_week"), 1.0)
        parts = {"year": self._part("iso_year"), "week": self._part("iso_week"), "day": weekday}
        return SymbolicFrame(parts)

    def tz_convert(self, tz: Any) -> Any:
        """Return the same instants in another time zone, or in UTC without one."""
        if self._of.zone is None:
            raise TypeError("Cannot convert tz-naive timestamps, use tz_localize to localize")
        return self._made(self._in_zone(self._of.node, tz))

    def tz_localize(self, tz: Any, *_: Any, **__: Any) -> Any:
        """Return the local times without a time zone, or in one with a fixed offset."""
        if tz is None:
            return self._made(self._in_zone(self._local(), None))
        if self._of.zone is not None:
            raise TypeError("Already tz-aware, use tz_convert to convert.")
        name = _name_of(tz, self.unit)
        zone = zone_of(name)
        if not zone.is_fixed:
            raise TraceEnd(f".dt.tz_localize({name!r}) is not traced", f"localize before the model: {AMBIGUOUS}")
        return self._made(self._in_zone(shifted(self._of.node, -zone.offsets[0] * UNITS[self.unit]), name))

    def _in_zone(self, node: Node, tz: Any) -> Moments:
        return moments.of_unit(node, self.unit, spans=False, zone=None if tz is None else _name_of(tz, self.unit))


def _name_of(tz: Any, unit: str) -> str:
    """Return the name of a time zone, as types of pandas spell it."""
    return str(pd.DatetimeTZDtype(unit, tz)).partition(", ")[2].removesuffix("]")
