"""The one way to write amounts for people: bytes as KiB and MiB, times as us, ms and s, shares in percent."""

from __future__ import annotations


def size(count: float) -> str:
    """Format a number of bytes: ``4.1 MiB``."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB"):
        shown = f"{amount:.0f}" if unit == "B" else f"{amount:.1f}"
        if abs(float(shown)) < 1024:
            return f"{shown} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def duration(seconds: float) -> str:
    """Format a time with three digits: ``1.30 us``, ``27.1 ms``, ``2.50 s``."""
    for factor, unit in ((1e6, "us"), (1e3, "ms")):
        shown = _three_digits(seconds * factor)
        if abs(float(shown)) < 1000:
            return f"{shown} {unit}"
    return f"{_three_digits(seconds)} s"


def percent(part: float, whole: float) -> str:
    """Format a share: ``12 %``."""
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def _three_digits(amount: float) -> str:
    for decimals, most in ((2, 10), (1, 100)):
        shown = f"{amount:.{decimals}f}"
        if abs(float(shown)) < most:
            return shown
    return f"{amount:.0f}"
