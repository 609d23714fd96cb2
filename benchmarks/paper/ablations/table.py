"""The table of ablations, in Markdown, and the statement of each."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.paper.ablations.in_process import Ablation, Side

HEADS = ("without", "memory, MB", "load, ms", "one row, us", "ratio", "batch, rows/s", "ratio")


def table(found: Sequence[Ablation]) -> str:
    """Return a line for all mechanisms, one for each that is left out, and then what each brings."""
    lines = ["| " + " | ".join(HEADS) + " |", "|---" * len(HEADS) + "|"]
    first = next((item.on for item in found if item.on is not None), None)
    if first is not None:
        lines.append(_line("nothing", first, (1.0,), (1.0,)))
    lines += [_line(f"`{x.switch}`", x.off, x.one_row_ratios, x.batch_ratios) for x in found if x.off is not None]
    return "\n".join([*lines, "", *(f"- {item.statement}" for item in found)])


def _line(name: str, side: Side, one: Sequence[float], batch: Sequence[float]) -> str:
    cells = (f"{side.memory_mb:.1f}", f"{side.load_ms:.1f}", f"{side.one_row_us:.1f}", _range(one))
    return "| " + " | ".join((name, *cells, f"{side.batch_rows_per_second:,.0f}", _range(batch))) + " |"


def _range(ratios: Sequence[float]) -> str:
    """Format the median, and the range if there is one."""
    middle = f"{statistics.median(ratios):.2f}"
    return middle if len(ratios) == 1 else f"{middle} ({min(ratios):.2f}-{max(ratios):.2f})"
