"""A progress bar for long predictions: the rows done, and their total if the file states it."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from pretzel.cli import output


class Meter:
    """Shows the progress of a long prediction on standard error, if that is a terminal."""

    def __init__(self, *, shown: bool) -> None:
        console = output.console(error=True)
        self.shown = shown and console.is_terminal
        parts = map(output.WithTotal, (BarColumn(), TimeRemainingColumn()))
        columns = (SpinnerColumn(), TextColumn("{task.description}"), *parts)
        self._progress = Progress(*columns, console=console, transient=True, redirect_stdout=False)
        self._task = self._progress.add_task("0 rows", total=None)
        self._started = time.monotonic()
        self._rows = 0
        self._of_rows: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._progress.live.is_started:
            self._progress.stop()

    def read(self, done: int, total: int | None, unit: str) -> None:
        """Record how much of the file was read, in rows or bytes."""
        self._of_rows = total if unit == "rows" else None
        self._progress.update(self._task, total=total, completed=done)

    def answered(self, rows: int) -> None:
        """Record that so many more rows were answered."""
        self._rows += rows
        of = f" of {self._of_rows:,}" if self._of_rows is not None else ""
        self._progress.update(self._task, description=f"{self._rows:,}{of} rows")
        if self._of_rows is not None:
            self._progress.update(self._task, completed=self._rows)
        if self.shown and time.monotonic() - self._started > output.AFTER_SECONDS:
            self._progress.start()
