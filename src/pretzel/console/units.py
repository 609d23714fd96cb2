"""Amounts of the pages; bytes and times are those of the command line."""

from __future__ import annotations

import math
import time

from pretzel.plan import units

NONE = "–"
"""Written for a figure that does not exist."""


def count(number: float) -> str:
    """Format a whole number: ``12,345``."""
    return f"{number:,.0f}"


def duration(seconds: float | None) -> str:
    """Format a time as terminals show it, but with a micro sign; a dash if there is none."""
    return NONE if seconds is None or not math.isfinite(seconds) else units.duration(seconds).replace(" us", " µs")


def rate(per_second: float) -> str:
    """Format a rate: ``1,230 /s``."""
    return f"{_digits(per_second) if per_second < 999.5 else count(per_second)} /s"


def percent(share: float) -> str:
    """Format a share: ``12 %``; a small one that is not zero is ``< 1 %``."""
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def moment(at: float) -> str:
    """Format a time of the local clock: ``2026-12-01 14:38``."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def stamp(at: float) -> str:
    """Format a time for programs, with its offset from UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(at))


def plural(number: float, noun: str) -> str:
    """Format a number of things: ``1 model``, ``3 models``."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def _digits(amount: float) -> str:
    """Format three digits: ``1.23``, ``12.3``, ``123``; zero is ``0``."""
    if amount == 0:
        return "0"
    if abs(amount) < 0.01:
        return f"{amount:.1g}"
    return f"{amount:.{2 if abs(amount) < 9.995 else 1 if abs(amount) < 99.95 else 0}f}"
