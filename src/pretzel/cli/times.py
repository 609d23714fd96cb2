"""Times and durations on the command line."""

from __future__ import annotations

import re
import time
from datetime import datetime

import typer

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"([0-9]{1,9}(?:[.][0-9]{1,3})?)([smhd])")


def seconds_of(text: str, option: str) -> float:
    """Return the seconds of a duration, as `90s`, `5m`, `2h` or `1.5d`.

    Raises:
        BadParameter: it has another form.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{option} {text!r}: expected a number and s, m, h or d, as 5m")
    return float(found[1]) * _SECONDS[found[2]]


def time_of(text: str, option: str) -> float:
    """Return the time, in seconds since the epoch, of an ISO time, local without a zone, or of a duration from now.

    Raises:
        BadParameter: it has another form.
    """
    if _DURATION.fullmatch(text):
        return time.time() + seconds_of(text, option)
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{option} {text!r}: expected a time as 2027-01-31T18:00 or 2027-01-31T18:00Z, or a duration as 2h"
        ) from None
