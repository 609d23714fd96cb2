"""Print the output of commands: tables for people, JSON for programs."""

from __future__ import annotations

import json
import os
import threading
import time
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress import ProgressColumn, Task
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from pretzel.errors import AnswersMayDifferWarning
from pretzel.plan.controls import escaped, visible

_WIDEST = 10_000
"""The most characters in a line of a table."""
AFTER_SECONDS = 2.0
"""Shorter work shows no progress."""
_PIPE = 110
"""Columns of texts in a pipe."""
NARROWEST = 80
"""Columns of the narrowest terminal that tables fit."""


def console(*, error: bool = False) -> Console:
    """Return a console for the current, possibly redirected, stream."""
    return Console(stderr=error, highlight=False)


def width() -> int:
    """Return the columns of the terminal; those of a wide one for a pipe."""
    screen = console()
    return screen.width if screen.is_terminal or "COLUMNS" in os.environ else _PIPE


class WithTotal(ProgressColumn):
    """A column of a progress line that is shown only if the total is known."""

    def __init__(self, part: ProgressColumn) -> None:
        super().__init__()
        self._part = part

    def render(self, task: Task) -> RenderableType:
        """Return the column, or an empty text."""
        return self._part(task) if task.total else ""


@contextmanager
def waiting(text: str, *, shown: bool = True) -> Iterator[None]:
    """Show a text on standard error, if that is a terminal, from two seconds on until the block ends."""
    screen = console(error=True)
    if not shown or not screen.is_terminal:
        yield
        return
    spinner = Spinner("dots", visible(text))
    # What the block prints must stay on standard output, which may be a file.
    status = Live(spinner, console=screen, refresh_per_second=12.5, transient=True, redirect_stdout=False)
    timer = threading.Timer(AFTER_SECONDS, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # it may be starting the status
        status.stop()


def print_json(value: Any) -> None:
    """Print a value as one JSON document."""
    print(escaped(json.dumps(value, indent=2, ensure_ascii=False, default=_plain)))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], fold: Collection[str] = ()) -> None:
    """Print rows as a table; brackets in cells are not markup.

    The table fits the terminal, if that has 80 columns at least: cells of the columns ``fold``, by default the first,
    continue on another line.  In a pipe each row is one line.
    """
    table = Table(header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column not in (fold or columns[:1]))
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    screen = console()
    wide = screen.measure(table, options=screen.options.update(max_width=_WIDEST)).maximum
    # Rich takes the width of a pipe for 80.
    bound = max(screen.width, NARROWEST) if screen.is_terminal or "COLUMNS" in os.environ else _WIDEST
    screen.width = min(wide, bound) if wide > screen.width else screen.width
    screen.print(table)


def print_pairs(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values, one pair per line."""
    grid = Table.grid(padding=(0, 2))
    for name, value in pairs:
        grid.add_row(Text(visible(name), style="bold"), Text(visible(value)))
    console().print(grid)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """After the block, print warnings that answers may differ as plain lines, and others as Python does."""
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", AnswersMayDifferWarning)
            yield
    finally:
        for warning in caught:
            if issubclass(warning.category, AnswersMayDifferWarning):
                warn(str(warning.message))
            else:
                warnings.showwarning(warning.message, warning.category, warning.filename, warning.lineno)


def warn(message: str) -> None:
    """Print one line of warning on standard error."""
    console(error=True).print(f"warning: {visible(message)}", style="yellow", markup=False, soft_wrap=True)


def when(at: float, *, seconds: bool = True) -> str:
    """Format a time, to the second or to the minute."""
    return time.strftime(f"%Y-%m-%d %H:%M{':%S' if seconds else ''} %Z", time.localtime(at))


def _plain(value: Any) -> Any:
    from pretzel.cli.jsonable import plain  # loads NumPy

    return plain(value)
