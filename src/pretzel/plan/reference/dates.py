"""References of the operators on dates, by NumPy's calendar and Python's integers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.ops.dates import UNITS, formats_of, pieces_of
from pretzel.plan.reference import reference

NAT = -(2**63)
NAT_TEXTS = ("", "NaT", "nat", "NAT", "nan", "NaN", "NAN")
DAY = 86_400
WIDTHS = {"Y": r"\d{4}", "f": r"\d{1,6}"}
NANOSECONDS = 2**63 // 10**9
"""Seconds on both sides of 1970 that int64 holds in nanoseconds."""
EPOCH = date(1970, 1, 1).toordinal()


@reference(ops.DatePart)
def date_part(node: ops.DatePart, x: np.ndarray) -> Any:
    """A field, NaN for NaT."""
    known = x != NAT
    ticks = np.where(known, x, 0)
    per_second = UNITS[node.unit]
    if node.field == "ticks":
        return np.where(known, ticks.astype(np.float64), np.nan)
    days, rest = np.divmod(ticks, DAY * per_second)
    field = _OF_DAYS[node.field](days) if node.field in _OF_DAYS else _OF_REST[node.field](rest, per_second)
    return np.where(known, field.astype(np.float64), np.nan)


@reference(ops.DateArithmetic)
def date_arithmetic(node: ops.DateArithmetic, a: np.ndarray, b: np.ndarray) -> Any:
    """``a + b`` or ``a - b`` without overflow."""
    sign = 1 if node.function == "add" else -1
    pairs = zip(a.tolist(), b.tolist(), strict=True)
    return _ticks([NAT if NAT in pair else pair[0] + sign * pair[1] for pair in pairs], list(zip(a, b, strict=True)))


@reference(ops.DateScale)
def date_scale(node: ops.DateScale, x: np.ndarray) -> Any:
    """``x // divide * multiply`` without overflow."""
    values = x.tolist()
    return _ticks([v if v == NAT else v // node.divide * node.multiply for v in values], [(v,) for v in values])


@reference(ops.LocalTime)
def local_time(node: ops.LocalTime, x: np.ndarray) -> Any:
    """Each instant and the offset that holds at it."""
    outside = (x != NAT) & ((x < node.first) | (x > node.last))
    if outside.any():
        row = int(outside.argmax())
        known = f"the model knows the local time in {node.zone}, 1900 to 2100 in imported models"
        raise InputError(f"row {row}: a date is outside of those for which {known}")
    offsets = node.offsets.array[np.searchsorted(node.transitions.array, x, "right")].tolist()
    values = [NAT if v == NAT else v + offset for v, offset in zip(x.tolist(), offsets, strict=True)]
    return _ticks(values, [(v,) for v in x.tolist()])


@reference(ops.ParseDate)
def parse_date(node: ops.ParseDate, x: list[Any]) -> Any:
    """Each text by a regular expression."""
    patterns = [re.compile("".join(map(_expression, pieces_of(one))), re.ASCII) for one in formats_of(node.format)]
    return np.array([_parsed(node, patterns, row, text) for row, text in enumerate(x)], np.int64)


def _expression(piece: tuple[str, str]) -> str:
    letter, character = piece
    return f"(?P<{letter}>{WIDTHS.get(letter, r'[0-9]{2}')})" if letter else re.escape(character)


def _parsed(node: ops.ParseDate, patterns: list[re.Pattern[str]], row: int, text: Any) -> int:
    if not isinstance(text, str) or text in NAT_TEXTS:
        return NAT
    match = next(filter(None, (pattern.fullmatch(text) for pattern in patterns)), None)
    seconds = None if match is None else _seconds(match.groupdict())
    if seconds is not None and (node.unit != "ns" or -NANOSECONDS <= seconds[0] < NANOSECONDS):
        whole, fraction = seconds
        return whole * UNITS[node.unit] + fraction * UNITS[node.unit] // 10**6
    if not node.coerce or _may_match(text, node.format, match):
        raise InputError(f"row {row}: time data {text[:40]!r} doesn't match format {node.format!r}")
    return NAT


def _seconds(fields: dict[str, str]) -> tuple[int, int] | None:
    """Return the seconds since 1970 and the microseconds beyond them; None if the date does not exist."""
    numbers = {letter: int(digits) for letter, digits in fields.items()}
    year = numbers["Y"] if "Y" in numbers else numbers["y"] + (2000 if numbers["y"] <= 68 else 1900)
    hour, minute, second = (numbers.get(letter, 0) for letter in "HMS")
    if hour > 23 or minute > 59 or second > 59:
        return None
    try:
        days = date(year, numbers["m"], numbers["d"]).toordinal() - EPOCH
    except ValueError:
        return None
    fraction = int(fields["f"].ljust(6, "0")) if "f" in fields else 0
    return days * DAY + hour * 3600 + minute * 60 + second, fraction


def _may_match(text: str, format: str, match: re.Match[str] | None) -> bool:
    """Return whether pandas may read a text that is not of the format with all digits."""
    if not text.isascii() or text in ("now", "today"):
        return True
    if match is not None:  # a field is out of range; pandas has leap seconds and no year 0
        fields = match.groupdict()
        return fields.get("Y") == "0000" or fields.get("S", "00") >= "60" or _seconds(fields) is not None
    return _marks(text) == _marks("".join(character for _, character in pieces_of(format)))


def _marks(text: str) -> str:
    """Return a text without its digits and spaces."""
    return re.sub(r"[0-9\s]+", "", text).lower()


def _ticks(values: list[int], given: list[tuple[Any, ...]]) -> np.ndarray:
    """Return ticks as an array.

    Raises:
        InputError: one is outside of int64, or is NaT although no argument is.
    """
    for row, (value, arguments) in enumerate(zip(values, given, strict=True)):
        if not -(2**63) <= value < 2**63 or (value == NAT and NAT not in arguments):
            raise InputError(f"row {row}: the result {value} is outside of int64")
    return np.array(values, np.int64)


def _months(days: np.ndarray) -> np.ndarray:
    return days.view("M8[D]").astype("M8[M]")


def _years(days: np.ndarray) -> np.ndarray:
    return days.view("M8[D]").astype("M8[Y]")


def _start(periods: np.ndarray) -> np.ndarray:
    return periods.astype("M8[D]").view(np.int64)


def _year(days: np.ndarray) -> np.ndarray:
    return _years(days).view(np.int64) + 1970


def _thursday(days: np.ndarray) -> np.ndarray:
    """Return the Thursday of the week, whose year is that of the week."""
    thursday: np.ndarray = days - (days + 3) % 7 + 3
    return thursday


_OF_DAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "year": _year,
    "month": lambda days: _months(days).view(np.int64) % 12 + 1,
    "day": lambda days: days - _start(_months(days)) + 1,
    "day_of_week": lambda days: (days + 3) % 7,
    "day_of_year": lambda days: days - _start(_years(days)) + 1,
    "days_in_month": lambda days: _start(_months(days) + 1) - _start(_months(days)),
    "days_in_year": lambda days: _start(_years(days) + 1) - _start(_years(days)),
    "iso_year": lambda days: _year(_thursday(days)),
    "iso_week": lambda days: (_thursday(days) - _start(_years(_thursday(days)))) // 7 + 1,
    "days": lambda days: days,
}
_OF_REST: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "hour": lambda rest, per_second: rest // (3600 * per_second),
    "minute": lambda rest, per_second: rest // (60 * per_second) % 60,
    "second": lambda rest, per_second: rest // per_second % 60,
    "seconds": lambda rest, per_second: rest // per_second,
    "microsecond": lambda rest, per_second: rest % per_second * 10**6 // per_second,
    "nanosecond": lambda rest, per_second: rest % per_second * 10**9 // per_second % 1000,
}
