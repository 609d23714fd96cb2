"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pretzel.plan.digest import Digest
from pretzel.plan.model import Model, ModelDescription, ModelVersion

_WIDEST = 10_000
"""Columns of text in a line of a table."""


def console(*, error: bool = False) -> Console:
    """Return where to print; made anew, so that redirected streams are seen."""
    return Console(stderr=error, highlight=False)


def print_json(value: Any) -> None:
    """Print a value as one JSON document."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=plain))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print rows for people; texts are shown as they are, whatever brackets they hold."""
    table = Table(*columns, title=title, title_justify="left", header_style="bold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    screen = console()
    wide = screen.options.update(max_width=_WIDEST)
    screen.width = max(screen.width, screen.measure(table, options=wide).maximum)  # or names would be folded
    screen.print(table)


def print_pairs(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values for people, one pair a line."""
    grid = Table.grid(padding=(0, 2))
    for name, value in pairs:
        grid.add_row(Text(name, style="bold"), Text(str(value)))
    console().print(grid)


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, Digest):
        return str(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, ModelVersion):
        return {**vars(value), "metadata": dict(value.metadata)}
    if isinstance(value, Model):
        return vars(value)
    if isinstance(value, ModelDescription):
        typed = {"inputs": value.inputs, "outputs": value.outputs, "columns": value.columns}
        return {**vars(value), **{name: _typed(items) for name, items in typed.items()}}
    return str(value)


def size(count: int) -> str:
    """Return a number of bytes for people."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def when(seconds: float) -> str:
    """Return a time for people."""
    return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(seconds))


def _typed(described: Iterable[Any]) -> list[dict[str, Any]]:
    return [{**vars(item), "type": item.type and str(item.type)} for item in described]
