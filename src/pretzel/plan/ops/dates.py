"""Operators on dates and time spans: int64 ticks of a unit, with the smallest int64 as the missing value (NaT)."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

__all__ = ["DateArithmetic", "DatePart", "DateScale", "LocalTime", "ParseDate"]

UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
"""Ticks of each unit in a second."""
FIELDS = (
    *("year", "month", "day", "hour", "minute", "second", "microsecond", "nanosecond"),
    *("day_of_week", "day_of_year", "days_in_month", "days_in_year", "iso_year", "iso_week"),
    *("days", "seconds", "ticks"),
)
DIRECTIVES = "YmdHMSfy"
"""The letters that may follow a ``%`` in a format."""
TICKS = dense("i64")
ISO = "ISO8601"
_TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f")
ISO_FORMATS = ("%Y-%m-%d", *(f"%Y-%m-%d{mark}{time}" for mark in (" ", "T") for time in _TIMES))
"""The forms that ``ISO8601`` has as a format."""


class DatePart(Node):
    """A field of each date or span as a float; NaN for NaT.

    ``day_of_week`` is 0 on Mondays; ``iso_year`` and ``iso_week`` are of ISO 8601.  Of a span, ``days`` is its number
    of days, rounded down, ``seconds`` the whole seconds beyond these, and ``ticks`` its ticks, rounded to float64.
    """

    x: Node
    unit: str
    """The unit of the ticks: s, ms, us or ns."""
    field: str
    """One of year, month, day, hour, minute, second, microsecond (0 to 999,999), nanosecond (0 to 999), day_of_week,
    day_of_year, days_in_month, days_in_year, iso_year, iso_week, days, seconds and ticks."""
    exact = True

    def infer(self) -> ValueType:
        """Ticks in, one f64 per row out."""
        _check_ticks(self, self.x)
        _check_unit(self, self.unit)
        if self.field not in FIELDS:
            raise self.fail(f"field: expected one of {', '.join(FIELDS)}, got {self.field!r}")
        return dense("f64")


class DateArithmetic(Node):
    """The sum or the difference of ticks; NaT if either is NaT.  A result outside of int64 is rejected."""

    a: Node
    """Ticks."""
    b: Node
    """Ticks of the same unit."""
    function: str
    """``add`` or ``subtract``."""
    exact = True
    refuses = True

    def infer(self) -> ValueType:
        """Ticks in, ticks out."""
        _check_ticks(self, self.a, self.b)
        if self.function not in ("add", "subtract"):
            raise self.fail(f"function: expected add or subtract, got {self.function!r}")
        return TICKS


class DateScale(Node):
    """``x // divide * multiply``, rounded down; NaT stays.  A result outside of int64 is rejected.

    With equal numbers it rounds down to a multiple, with a 1 it converts to another unit.
    """

    x: Node
    multiply: int
    """Positive."""
    divide: int
    """Positive."""
    exact = True
    refuses = True

    def infer(self) -> ValueType:
        """Ticks in, ticks out."""
        _check_ticks(self, self.x)
        if self.multiply < 1 or self.divide < 1:
            raise self.fail(f"multiply, divide: expected positive numbers, got {self.multiply}, {self.divide}")
        return TICKS


class LocalTime(Node):
    """The local time of instants in a time zone; NaT stays.  Instants outside of the table are rejected."""

    x: Node
    """Ticks in UTC."""
    transitions: Parameter
    """``i64[n]``: the ticks at which the offset changes, ascending."""
    offsets: Parameter
    """``i64[n + 1]``: the offset from UTC before the first transition and after each, in ticks."""
    first: int
    """The first tick for which the table holds."""
    last: int
    """The last."""
    zone: str
    """The name of the time zone, for messages."""
    exact = True
    refuses = True

    def infer(self) -> ValueType:
        """Ticks in, ticks out."""
        _check_ticks(self, self.x)
        count = self.transitions.shape[0] if self.transitions.shape else -1
        if self.transitions.shape != (count,) or self.offsets.shape != (count + 1,):
            raise self.fail(f"offsets: expected one more than transitions, got {self.offsets}, {self.transitions}")
        if self.transitions.dtype != "i64" or self.offsets.dtype != "i64":
            raise self.fail(f"transitions, offsets: expected i64, got {self.transitions.dtype}, {self.offsets.dtype}")
        return TICKS


class ParseDate(Node):
    """The date that each text spells, as ``pandas.to_datetime`` reads it by a format; NaT for missing and empty texts.

    Every field has its full number of digits, except ``%f``, which has one to six.  Texts that differ from that in
    digits and spaces alone are rejected, because pandas reads some of them.
    """

    x: Node
    """One text per row."""
    format: str
    """Text with ``%Y``, ``%m``, ``%d``, ``%H``, ``%M``, ``%S``, ``%f`` and ``%y``, each at most once, and ``%%``; or
    ``ISO8601``: a date, then a space or a T and a time with minutes, seconds or fractions, if any."""
    unit: str
    """The unit of the ticks: s, ms, us or ns; digits below it are cut off."""
    coerce: bool
    """If true, other texts are NaT; else they are rejected."""
    exact = True
    refuses = True

    def infer(self) -> ValueType:
        """One text per row in, ticks out."""
        if self.x.type != dense("str"):
            raise self.fail(f"x: expected one text per row, got {self.x.type}")
        _check_unit(self, self.unit)
        if self.format == ISO and self.coerce:
            raise self.fail(f"coerce: not with {ISO}, of which pandas takes further forms")
        for format in formats_of(self.format):
            self._check_format(format)
        return TICKS

    def _check_format(self, format: str) -> None:
        try:
            letters = [letter for letter, _ in pieces_of(format) if letter]
        except ValueError as error:
            raise self.fail(f"format: {error}") from None
        if len({*letters}) < len(letters) or not {*"md"} <= {*letters} or not {*"Yy"} & {*letters}:
            raise self.fail(f"format: {format!r:.80} does not have a year, a month and a day, each once")


def formats_of(format: str) -> tuple[str, ...]:
    """Return the formats of a text: several for ``ISO8601``."""
    return ISO_FORMATS if format == ISO else (format,)


def pieces_of(format: str) -> list[tuple[str, str]]:
    """Return the parts of a format in order: the letter of a directive, or an empty letter and a character.

    Raises:
        ValueError: a directive is unknown.
    """
    pieces, i = [], 0
    while i < len(format):
        if format[i] != "%":
            pieces.append(("", format[i]))
            i += 1
            continue
        letter = format[i + 1 : i + 2]
        if letter != "%" and (not letter or letter not in DIRECTIVES):
            raise ValueError(f"%{letter} is not among %{', %'.join(DIRECTIVES)}")
        pieces.append(("", "%") if letter == "%" else (letter, ""))
        i += 2
    return pieces


def _check_ticks(node: Node, *parts: Node) -> None:
    for part in parts:
        if part.type != TICKS:
            raise node.fail(f"expected one i64 per row, got {part.type}")


def _check_unit(node: Node, unit: str) -> None:
    if unit not in UNITS:
        raise node.fail(f"unit: expected one of {', '.join(UNITS)}, got {unit!r}")
