"""Tables and numbers in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; cells that are numbers are rounded."""
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(map(cell, row)) + " |" for row in rows)])


def cell(value: object) -> str:
    """Format a cell: three digits of a number, a dash for None."""
    if value is None:
        return "-"
    return number(value) if isinstance(value, float) else f"{value:,}" if type(value) is int else str(value)


def number(value: float) -> str:
    """Format a number with three digits, without an exponent."""
    if value != value:
        return "-"
    if abs(value) >= 100 or value == 0:
        return f"{value:,.0f}"
    digits = f"{value:.3g}"
    return f"{value:.6f}".rstrip("0") if "e" in digits else digits
