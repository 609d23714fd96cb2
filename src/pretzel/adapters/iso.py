"""ISO 8601 texts as ticks, and back: dates, with a time and an offset or without, and time spans."""

from __future__ import annotations

import re
from datetime import date

import numpy as np

from pretzel.errors import InputError
from pretzel.plan.dates import NAT, DateForm

_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_SPAN = re.compile(r"([+-])?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,9}))?S)?)?", re.ASCII)
_EPOCH = date(1970, 1, 1).toordinal()
MISSING = ("", "NaT", "nat", "NaN", "nan")


def ticks_of_text(text: str, wanted: DateForm) -> int:
    """Return the ticks of a text; an offset makes it an instant.

    Raises:
        InputError: it is not of ISO 8601, it has an offset where the model has no time zone or the reverse, or it does
            not fit the unit.
    """
    if text.strip() in MISSING:
        return NAT
    return in_unit(_span(text) if wanted.spans else _date(text, wanted), wanted, text)


def texts_of_ticks(ticks: np.ndarray, form: DateForm) -> list[str | None]:
    """Return ticks as texts; instants in UTC, with a Z, and None for missing ones."""
    if form.spans:
        return [None if tick == NAT else _text_of_span(tick, form.per_second) for tick in ticks.tolist()]
    texts = np.datetime_as_string(ticks.view(form.numpy)).tolist()
    mark = "" if form.zone is None else "Z"
    return [None if text == "NaT" else text + mark for text in texts]


def _text_of_span(tick: int, per_second: int) -> str:
    seconds, rest = divmod(abs(tick), per_second)
    fraction = f".{rest:0{len(str(per_second)) - 1}}".rstrip("0") if rest else ""
    days, seconds = divmod(seconds, 86_400)
    return f"{'-' if tick < 0 else ''}P{days}DT{seconds // 3600}H{seconds % 3600 // 60}M{seconds % 60}{fraction}S"


def in_unit(nanoseconds: int, wanted: DateForm, shown: str) -> int:
    """Return nanoseconds in the unit of a model.

    Raises:
        InputError: there are digits below it, or the result is out of its range.
    """
    ticks, rest = divmod(nanoseconds * wanted.per_second, 10**9)
    if rest:
        raise InputError(f"{shown[:40]!r} has digits below the model's unit {wanted.unit}; round it")
    if not NAT < ticks < 2**63:
        raise InputError(f"{shown[:40]!r} is out of range of the model's unit {wanted.unit}")
    return ticks


def is_date(text: str) -> bool:
    """Return whether a text has the form of a date."""
    return _DATE.fullmatch(text.strip()) is not None


def has_offset(text: str) -> bool:
    """Return whether a date has an offset from UTC."""
    match = _DATE.fullmatch(text.strip())
    return match is not None and match[8] is not None


def _date(text: str, wanted: DateForm) -> int:
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise InputError(f"expected a date like 2024-02-29 or 2024-02-29T13:30:00, got {text[:40]!r}")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError as error:
        raise InputError(f"{text[:40]!r} is not a date: {error}") from None
    if hour > 23 or minute > 59 or second > 59:
        raise InputError(f"{text[:40]!r} is not a time of a day")
    if (match[8] is None) != (wanted.zone is None):
        raise InputError(_of_other_kind(text, wanted))
    seconds = days * 86_400 + hour * 3600 + minute * 60 + second - _offset(match[8])
    return seconds * 10**9 + int((match[7] or "").ljust(9, "0"))


def _of_other_kind(text: str, wanted: DateForm) -> str:
    if wanted.zone is None:
        return f"{text[:40]!r} has an offset, and the model was fitted on dates without a time zone; leave it out"
    return f"{text[:40]!r} has no offset, and the model was fitted on instants ({wanted}); add one, such as Z or +02:00"


def _offset(text: str | None) -> int:
    """Return the seconds of an offset."""
    if text is None or text == "Z":
        return 0
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    return (hours * 3600 + minutes * 60) * (-1 if text[0] == "-" else 1)


def _span(text: str) -> int:
    match = _SPAN.fullmatch(text.strip())
    if match is None or not any(match.groups()[1:]):
        raise InputError(f"expected a time span like P1DT2H30M or PT0.5S, got {text[:40]!r}")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:5])
    nanoseconds = (days * 86_400 + hours * 3600 + minutes * 60 + seconds) * 10**9 + int((match[6] or "").ljust(9, "0"))
    return -nanoseconds if match[1] == "-" else nanoseconds
