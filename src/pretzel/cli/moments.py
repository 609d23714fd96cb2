"""Moments as people write them: a date, or how long ago."""

from __future__ import annotations

import re
import time
from datetime import datetime

import typer

_AGO = re.compile(r"(\d{1,9})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def moment(text: str) -> float:
    """Return the seconds since the epoch of ``2026-12-01``, ``2026-12-01T09:30``, or ``2h``, which is two hours ago.

    Raises:
        BadParameter: it is none of these.
    """
    ago = _AGO.fullmatch(text)
    if ago:
        return time.time() - int(ago[1]) * _SECONDS[ago[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter(
            f"{text[:40]!r}: expected a date such as 2026-12-01 or 2026-12-01T09:30, or an age such as 30m, 2h or 7d"
        ) from None
