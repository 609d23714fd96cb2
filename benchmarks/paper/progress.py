"""Progress of a run: a line for each experiment with its time and the expected one, and its present step."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

NARROW_SECONDS = 20.0
"""Time between two lines of steps where no terminal shows them in place."""


class Progress:
    """Says what is measured, how long it has taken, and how long it may take."""

    def __init__(self, expected: Mapping[str, float] | None = None, console: Console | None = None) -> None:
        """``expected``: seconds of each part in an earlier run."""
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._expected, self._begun = dict(expected or {}), time.monotonic()
        self._status: Status | None = None
        self._head, self._said = "", 0.0

    def line(self, text: str) -> None:
        """Print a line that stays."""
        self.console.print(text, markup=False)

    def step(self, text: str) -> None:
        """Show the present step: in place, or as a line every now and then."""
        now = time.monotonic()
        shown = f"{self._head}: {text} ({clock(now - self._begun)})"
        if self._status is not None:
            self._status.update(shown.replace("[", "\\["))
        elif now - self._said >= NARROW_SECONDS:
            self._said = now
            self.line(f"  {shown}")

    @contextmanager
    def part(self, name: str, number: int, count: int, left: list[str]) -> Iterator[None]:
        """Frame a part of the run; ``left`` names the parts from this one on."""
        self._head, self._said = f"[{number}/{count}] {name}", time.monotonic()
        own = self._expected.get(name)
        rest = [self._expected.get(other) for other in left]
        known = sum(seconds for seconds in rest if seconds is not None)
        about = f"about {clock(own)}" if own is not None else "time not known"
        if known:
            about += f"; all that is left about {clock(known)}{'' if None not in rest else ' and more'}"
        self.line(f"{self._head} at {clock(time.monotonic() - self._begun)}: {about}")
        if not self.console.is_terminal:
            yield
            return
        with self.console.status(self._head) as self._status:
            try:
                yield
            finally:
                self._status = None


def clock(seconds: float) -> str:
    """Format a duration as minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
