"""Dates and time spans during a trace: ticks whose example is of NumPy's own types, and the operators on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.ending import TraceEnd, named
from pretzel.importers.tracing.values import ROWS, Value
from pretzel.plan import ops
from pretzel.plan.dates import NAT, DateForm
from pretzel.plan.node import Node
from pretzel.plan.ops.dates import UNITS
from pretzel.plan.parameter import Parameter

ORDERED: dict[Any, str] = {
    np.less: "less",
    np.less_equal: "less_equal",
    np.greater: "less",
    np.greater_equal: "less_equal",
}
TO_SPANS = "compute with dates, and with spans such as pd.Timedelta"


@dataclass(frozen=True, slots=True)
class Moments(Value):
    """Dates or time spans: the node has their ticks in UTC, and the example NumPy's type."""

    zone: str | None = None
    """The time zone of dates that have one."""

    @property
    def form(self) -> DateForm:
        """The type."""
        return DateForm(self.dtype.kind == "m", np.datetime_data(self.dtype)[0], self.zone)


@dataclass(frozen=True, slots=True)
class Moment:
    """A constant date or span."""

    ticks: int
    unit: str
    spans: bool
    zone: bool = False
    """True for an instant, of which the ticks are in UTC."""


def of_form(node: Node, form: str) -> Moments:
    """Return a column of this type, with 1970-01-01 or spans of zero as its example."""
    known = DateForm.parse(form)
    return Moments(node, np.zeros(ROWS, known.numpy), known.zone)


def of_unit(node: Node, unit: str, *, spans: bool, zone: str | None = None) -> Moments:
    """Return ticks of a unit as dates or spans."""
    return of_form(node, str(DateForm(spans, unit, zone)))


def moment(value: Any, beside: Moments, *, texts: bool = False) -> Moments | Moment:
    """Return an argument as dates or spans; a text is read as a date where pandas compares it with dates.

    Raises:
        TraceEnd: it is neither.
    """
    if isinstance(value, Moments):
        return value
    if isinstance(value, (timedelta, np.timedelta64)):
        span = pd.Timedelta(value)
        return Moment(int(span.to_timedelta64().astype(np.int64)), span.unit, spans=True)
    if isinstance(value, str) and not texts:
        raise TraceEnd(f"it computes with dates and the text {value!r:.40}", "use pd.Timestamp of the text")
    if isinstance(value, (datetime, np.datetime64, str)):
        aware = pd.Timestamp(value) if not isinstance(value, str) else pd.Timestamp(value, tz=beside.zone)
        stamp = aware.to_datetime64()
        return Moment(int(stamp.astype(np.int64)), aware.unit, spans=False, zone=aware.tz is not None)
    kind = "a date without a time" if isinstance(value, date) else type(value).__name__
    raise TraceEnd(f"it computes with dates and {kind}", TO_SPANS)


def computed(ufunc: np.ufunc, arguments: tuple[Any, ...]) -> Value:
    """Return a ufunc of dates, spans and constants.

    Raises:
        TraceEnd: it is not among those that are traced.
    """
    beside = next(x for x in arguments if isinstance(x, Moments))
    if ufunc is np.isnat or ufunc is np.isnan:
        return Value(missing(beside), np.zeros(ROWS, np.bool_))
    if ufunc in (np.negative, np.absolute, np.positive) and beside.form.spans:
        return _single(ufunc, beside)
    if len(arguments) != 2:
        raise _unknown(ufunc)
    compares = ufunc in ORDERED or ufunc in (np.equal, np.not_equal)
    a, b = (moment(x, beside, texts=compares) for x in arguments)
    if compares:
        return Value(_compared(ufunc, a, b, beside), np.zeros(ROWS, np.bool_))
    if ufunc in (np.add, np.subtract):
        return _sum(ufunc, a, b, beside)
    if ufunc in (np.divide, np.floor_divide, np.remainder) and _spans(a) and _spans(b):
        return _quotient(ufunc, a, b, beside)
    raise _unknown(ufunc)


def missing(x: Moments) -> Node:
    """Return whether each date is NaT."""
    return ops.Compare(x.node, ticks_everywhere(NAT, x.node), "equal")


def ticks_everywhere(ticks: int, beside: Node) -> Node:
    """Return the same ticks for every row.

    Raises:
        TraceEnd: they are outside of int64.
    """
    if not -(2**63) <= ticks < 2**63:
        raise TraceEnd("a constant date is out of range of the unit of the column", "use a nearer date")
    return ops.Constant(beside, Parameter.of(np.array([ticks], np.int64)))


def filled(x: Moments, value: Any) -> Moments:
    """Return x with other dates in place of NaT."""
    return chosen(Value(missing(x), np.zeros(ROWS, np.bool_)), value, x)


def chosen(condition: Value, a: Any, b: Any) -> Moments:
    """Return dates or spans by a condition."""
    beside = next(x for x in (a, b) if isinstance(x, Moments))
    left, right = (_or_nat(x, beside) for x in (a, b))
    _check_zones(left, right)
    if _spans(left) != _spans(right):
        raise TraceEnd("it chooses between dates and spans", "choose between values of one kind")
    unit = _finer(left, right)
    first, second = (_in(x, unit, beside) for x in (left, right))
    node = ops.Where(operators.truth(condition), first, second)
    return of_unit(node, unit, spans=_spans(left), zone=beside.zone)


def as_integers(x: Moments) -> Value:
    """Return ticks as integers; the operator, which changes nothing, shows that an answer depends on the unit."""
    return Value(ops.DateScale(x.node, 1, 1), np.zeros(ROWS, np.int64))


def in_steps(node: Node, step: int) -> Node:
    """Return how often a step of so many ticks goes into ticks."""
    return node if step == 1 else ops.DateScale(node, 1, step)


def in_unit(x: Moments, unit: str) -> Moments:
    """Return dates or spans in another unit, rounded down."""
    return of_unit(_in(x, unit, x), unit, spans=x.form.spans, zone=x.zone)


def _or_nat(value: Any, beside: Moments) -> Moments | Moment:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return Moment(NAT, beside.form.unit, beside.form.spans, beside.zone is not None)
    return moment(value, beside, texts=not beside.form.spans)


def _single(ufunc: np.ufunc, x: Moments) -> Moments:
    negative = ops.DateArithmetic(ticks_everywhere(0, x.node), x.node, "subtract")
    node: Node = negative if ufunc is np.negative else x.node
    if ufunc is np.absolute:
        below = ops.Compare(x.node, ticks_everywhere(0, x.node), "less")
        node = ops.Where(below, negative, x.node)
    return of_unit(node, x.form.unit, spans=True)


def _sum(ufunc: np.ufunc, a: Moments | Moment, b: Moments | Moment, beside: Moments) -> Moments:
    dates = [not _spans(a), not _spans(b)]
    if dates == [True, True] and ufunc is np.subtract:
        _check_zones(a, b)
    elif all(dates) or (dates[1] and ufunc is np.subtract):
        raise TraceEnd("it adds two dates, or subtracts a date from a span", TO_SPANS)
    unit = _finer(a, b)
    node = ops.DateArithmetic(_in(a, unit, beside), _in(b, unit, beside), "add" if ufunc is np.add else "subtract")
    spans = dates[0] == dates[1]
    zones = [x.zone for x in (a, b) if isinstance(x, Moments) and x.zone]
    if not spans and not zones and any(isinstance(x, Moment) and x.zone for x in (a, b)):
        raise TraceEnd("it adds spans to a constant date with a time zone", "add them to a date without one")
    return of_unit(node, unit, spans=spans, zone=zones[0] if zones and not spans else None)


def _compared(ufunc: np.ufunc, a: Moments | Moment, b: Moments | Moment, beside: Moments) -> Node:
    """Return a comparison, which is false for NaT, and true if it is for ``!=``."""
    _check_zones(a, b)
    if _spans(a) != _spans(b):
        raise TraceEnd("it compares dates with spans", TO_SPANS)
    unit = _finer(a, b)
    left, right = (_in(x, unit, beside) for x in (a, b))
    if ufunc in (np.greater, np.greater_equal):
        left, right = right, left
    node: Node = ops.Compare(left, right, ORDERED.get(ufunc, "equal"))
    for x in (a, b):
        if isinstance(x, Moments) or x.ticks == NAT:
            absent = missing(x) if isinstance(x, Moments) else ops.Compare(beside.node, beside.node, "equal")
            node = operators.logic("and", node, operators.negated(absent))
    return operators.negated(node) if ufunc is np.not_equal else node


def _quotient(ufunc: np.ufunc, a: Moments | Moment, b: Moments | Moment, beside: Moments) -> Value:
    """Return a quotient of spans; those rounded down, and remainders, are of positive constants only."""
    unit = _finer(a, b)
    if ufunc is np.divide:
        above, below = (ops.DatePart(_in(x, unit, beside), unit, "ticks") for x in (a, b))
        return Value(ops.Arithmetic(above, below, "divide"), np.zeros(ROWS))
    if not isinstance(a, Moments) or not isinstance(b, Moment) or b.ticks <= 0:
        raise TraceEnd(f"{named(ufunc)} of spans by others than a positive constant is not traced", "divide by / first")
    whole, step = _in(a, unit, beside), _scaled(b, unit)
    if ufunc is np.floor_divide:
        return Value(ops.DatePart(in_steps(whole, step), unit, "ticks"), np.zeros(ROWS))
    rest = ops.DateArithmetic(whole, ops.DateScale(whole, step, step), "subtract")
    return of_unit(rest, unit, spans=True)


def _spans(x: Moments | Moment) -> bool:
    return x.form.spans if isinstance(x, Moments) else x.spans


def _finer(a: Moments | Moment, b: Moments | Moment) -> str:
    """Return the finer unit of two, in which the libraries compute."""
    return max((x.form.unit if isinstance(x, Moments) else x.unit for x in (a, b)), key=UNITS.__getitem__)


def _in(x: Moments | Moment, unit: str, beside: Moments) -> Node:
    """Return ticks of a unit."""
    if isinstance(x, Moment):
        return ticks_everywhere(_scaled(x, unit), beside.node)
    old, new = UNITS[x.form.unit], UNITS[unit]
    return x.node if old == new else ops.DateScale(x.node, max(1, new // old), max(1, old // new))


def _scaled(x: Moment, unit: str) -> int:
    return x.ticks if x.ticks == NAT else x.ticks * UNITS[unit] // UNITS[x.unit]


def _check_zones(a: Moments | Moment, b: Moments | Moment) -> None:
    if _spans(a) or _spans(b) or bool(a.zone) == bool(b.zone):
        return
    raise TraceEnd(
        "it computes with dates with a time zone and dates without one", "use .dt.tz_localize on one of them"
    )


def _unknown(ufunc: np.ufunc) -> TraceEnd:
    return TraceEnd(f"{named(ufunc)} of dates is not traced", "use differences, comparisons and .dt")
