"""Symbolic series of dates or time spans."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pretzel.importers.tracing import moments
from pretzel.importers.tracing.date_fields import Fields, SpanFields
from pretzel.importers.tracing.ending import TraceEnd, unknown
from pretzel.importers.tracing.moments import Moments
from pretzel.importers.tracing.series import Symbolic, SymbolicSeries, number
from pretzel.importers.tracing.values import ROWS, Value
from pretzel.plan.dates import DateForm, is_form

NUMBERS = "take a field by .dt, or divide a difference by pd.Timedelta(1, 'D'), which makes numbers of them"
SAMPLE = "give a sample, whose types show the columns of dates; read texts by pd.to_datetime(..., format=...)"
OF_VALUES = (
    *("hour", "minute", "second", "microsecond", "nanosecond", "day", "month", "year", "quarter", "days_in_month"),
    *("day_of_week", "day_of_year", "dayofweek", "dayofyear", "is_month_start", "is_month_end", "is_leap_year"),
)
OF_SPANS = ("days", "seconds", "microseconds", "nanoseconds")


class SymbolicDates(SymbolicSeries):
    """A column of dates or spans; only what pandas does with those is traced."""

    part: Moments

    def as_value(self) -> Value:
        """End the trace: numbers are expected."""
        raise TraceEnd(f"it computes with the dates of column {self.name!r} as numbers", NUMBERS)

    def _rows(self) -> Value:
        """Return as many numbers as there are rows."""
        return Value(self.part.node, np.zeros(ROWS, np.int64))

    def _apply(self, ufunc: np.ufunc, *arguments: Any) -> Any:
        if any(isinstance(x, Symbolic) and not isinstance(x, SymbolicSeries) for x in arguments):
            return NotImplemented
        return self._of(moments.computed(ufunc, tuple(map(part_of, arguments))))

    def _power(self, base: Any, exponent: Any) -> Any:
        raise TraceEnd("it computes a power of dates", NUMBERS)

    @property
    def dt(self) -> Any:
        """The fields of the dates or spans."""
        return (SpanFields if self.part.form.spans else Fields)(self)

    @property
    def dtype(self) -> Any:
        """The type."""
        return pd.api.types.pandas_dtype(str(self.part.form))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape; its number of rows makes constants only."""
        return SymbolicSeries(self._rows()).shape

    def fillna(self, value: Any = None, **_: Any) -> SymbolicSeries:
        """Replace NaT."""
        return self._of(moments.filled(self.part, part_of(value)))

    def isna(self) -> SymbolicSeries:
        """Return whether each date is missing."""
        return self._of(Value(moments.missing(self.part), np.zeros(ROWS, np.bool_)))

    isnull = isna

    def where(self, cond: Any, other: Any = None, **_: Any) -> SymbolicSeries:
        """Keep the dates of a condition."""
        return self._of(moments.chosen(number(cond), self.part, part_of(other)))

    def mask(self, cond: Any, other: Any = None, **_: Any) -> SymbolicSeries:
        """Replace the dates of a condition."""
        return self._of(moments.chosen(number(cond), part_of(other), self.part))

    def __setitem__(self, key: Any, new: Any) -> None:
        """Replace the dates of a condition."""
        self.part = self.mask(key, new).part  # type: ignore[assignment]

    def isin(self, values: Any) -> Any:
        """Return whether each date is one of a few."""
        found = [self == value for value in values]
        if not 0 < len(found) <= 64:
            raise TraceEnd("isin of so many dates is not traced", "use up to 64")
        for other in found[1:]:
            found[0] = found[0] | other
        return found[0]

    def astype(self, dtype: Any, **_: Any) -> SymbolicSeries:
        """Convert to another unit."""
        form = str(pd.api.types.pandas_dtype(dtype))
        if form == "int64":
            return self._of(moments.as_integers(self.part))
        if not is_form(form) or DateForm.parse(form).spans != self.part.form.spans or self.part.zone:
            raise TraceEnd(f"dates .astype({dtype!r:.20}) are not traced", NUMBERS)
        return self._of(moments.in_unit(self.part, DateForm.parse(form).unit))

    def apply(self, func: Callable[..., Any], args: tuple[Any, ...] = (), **options: Any) -> Any:
        """Apply a function of one date."""
        return func(SymbolicDate(self.part, self.name), *args, **options)

    def map(self, arg: Any, na_action: Any = None) -> Any:
        """Apply a function of one date."""
        if not callable(arg):
            raise unknown(".map of dates by a dictionary")
        return self.apply(arg)

    def _ends(self, *_: Any, **__: Any) -> Any:
        raise TraceEnd("this method of a column of dates is not traced", NUMBERS)

    clip = round = replace = _ends


class SymbolicDate(SymbolicDates):
    """One date or span, as a function of ``Series.apply`` gets it."""

    def __getattr__(self, name: str) -> Any:
        """Return a field."""
        spans = self.part.form.spans
        if name in (OF_SPANS if spans else OF_VALUES):
            return getattr(self.dt, name)
        if name == "total_seconds" and spans:
            return self.dt.total_seconds
        if name in ("weekday", "isoweekday") and not spans:
            return lambda: self.dt.weekday + (name == "isoweekday")
        return super().__getattr__(name)


def part_of(argument: Any) -> Any:
    """Return the dates of a series; constants stay as they are."""
    if isinstance(argument, SymbolicDates):
        return argument.part
    if isinstance(argument, SymbolicSeries):
        raise TraceEnd("it computes with dates and numbers", moments.TO_SPANS)
    return argument


def _without_dates(series: SymbolicSeries) -> Any:
    raise TraceEnd(f"it reads .dt of column {series.name!r}, which is not known to hold dates", SAMPLE)


SymbolicSeries.kinds[Moments] = SymbolicDates
SymbolicSeries.dt = property(_without_dates)
