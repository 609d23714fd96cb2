"""The ``.dt`` of a symbolic series: fields of dates and spans, rounding down, time zones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pretzel.importers.tracing import moments, operators
from pretzel.importers.tracing.array_functions import elementwise
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
AMBIGUOUS = "its local times may exist twice or not at all; convert to UTC first, or use .dt.tz_localize(None)"
REMEDY = "use the numeric fields of .dt, .dt.normalize() and .dt.floor()"


class Accessor:
    """Base of both accessors."""

    def __init__(self, series: Any) -> None:
        """Read a series of dates or spans."""
        self._series, self._of = series, series.part

    @property
    def unit(self) -> str:
        """The unit."""
        return str(self._of.form.unit)

    def _made(self, value: Value) -> Any:
        return self._series._of(value)

    def _field(self, node: Node, name: str) -> Value:
        return Value(ops.DatePart(node, self._of.form.unit, name), np.zeros(ROWS))

    def __getattr__(self, name: str) -> Any:
        """End the trace at an attribute that is not traced."""
        if name.startswith("_"):
            raise AttributeError(name)
        raise TraceEnd(f".dt.{name} is not traced", REMEDY)


class SpanFields(Accessor):
    """``.dt`` of time spans."""

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


class Fields(Accessor):
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

    def isocalendar(self) -> Any:
        """Return year, week and day of ISO 8601."""
        weekday = elementwise(np.add, self._part("day_of_week"), 1.0)
        parts = {"year": self._part("iso_year"), "week": self._part("iso_week"), "day": weekday}
        return SymbolicFrame(parts)

    def normalize(self) -> Any:
        """Return midnight of the same day."""
        return self.floor("D")

    def floor(self, freq: Any, *_: Any, **__: Any) -> Any:
        """Round down to a multiple of a frequency."""
        return self._made(self._rounded(freq, up=False))

    def ceil(self, freq: Any, *_: Any, **__: Any) -> Any:
        """Round up to a multiple of a frequency."""
        return self._made(self._rounded(freq, up=True))

    def _rounded(self, freq: Any, *, up: bool) -> Moments:
        step = self._ticks(freq)
        if step <= 1:
            return self._of  # type: ignore[no-any-return]
        offset = self._offset()
        node = self._shifted(self._local(), step - 1) if up else self._local()
        node = self._shifted(ops.DateScale(node, step, step), -offset)
        return moments.of_unit(node, self.unit, spans=False, zone=self._of.zone)

    def _offset(self) -> int:
        """Return the fixed offset of the time zone, in ticks."""
        zone = zone_of(self._of.zone) if self._of.zone else None
        if zone is not None and not zone.is_fixed:
            raise TraceEnd(f"rounding of dates in the time zone {zone.name} is not traced", AMBIGUOUS)
        return zone.offsets[0] * UNITS[self.unit] if zone else 0

    def _shifted(self, node: Node, ticks: int) -> Node:
        return ops.DateArithmetic(node, moments.ticks_everywhere(ticks, node), "add") if ticks else node

    def _ticks(self, freq: Any) -> int:
        """Return the ticks of a frequency; 1 or less if it is finer than the unit."""
        nanoseconds = pd.tseries.frequencies.to_offset(freq).nanos
        ticks, rest = divmod(nanoseconds * UNITS[self.unit], 10**9)
        if ticks and rest:
            raise TraceEnd(
                f"a frequency of {freq!r:.20} is not a multiple of the unit {self.unit}", "use a coarser one"
            )
        return int(ticks)

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
        return self._made(self._in_zone(self._shifted(self._of.node, -zone.offsets[0] * UNITS[self.unit]), name))

    def _in_zone(self, node: Node, tz: Any) -> Moments:
        return moments.of_unit(node, self.unit, spans=False, zone=None if tz is None else _name_of(tz, self.unit))


def _name_of(tz: Any, unit: str) -> str:
    """Return the name of a time zone, as types of pandas spell it."""
    return str(pd.DatetimeTZDtype(unit, tz)).partition(", ")[2].removesuffix("]")
