"""The table of the day: each step with its time, and the calls of clients during it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from tests.day.load import Callers

_HEAD = "| step | seconds | calls | lost | wrong | p50, ms | p99, ms | worst, ms | |\n"


@dataclass
class Step:
    """One step of the day."""

    name: str
    seconds: float = 0.0
    calls: int = 0
    lost: int = 0
    wrong: int = 0
    p50: float = 0.0
    p99: float = 0.0
    worst: float = 0.0
    """Seconds of calls: half of them, 99 % of them, and all of them took at most so long."""
    notes: list[str] = field(default_factory=list)


class Record:
    """The steps so far, and what went wrong."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.problems: list[str] = []
        self.callers: Callers | None = None
        """Whose calls are counted; None before there are models."""

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Measure a step of the day while the block runs."""
        step, callers, began = Step(name), self.callers, time.perf_counter()
        before = (callers.calls, callers.lost, callers.wrong, len(callers.seconds)) if callers else None
        print(f"{time.strftime('%T')} {name}", flush=True)
        yield step
        step.seconds = time.perf_counter() - began
        if callers and before:
            step.calls, step.lost = callers.calls - before[0], callers.lost - before[1]
            step.wrong = callers.wrong - before[2]
            _times(step, callers.seconds[before[3] :])
        self.steps.append(step)
        print(
            f"         {step.seconds:.1f} s, {step.calls} calls, {step.lost} lost; {'; '.join(step.notes)}", flush=True
        )

    @property
    def passed(self) -> bool:
        """True if no call was lost, no answer was wrong, and nothing else happened that should not."""
        return not self.problems and not any(step.lost or step.wrong for step in self.steps)

    def table(self) -> str:
        """Return the steps as a Markdown table."""
        return "".join((_HEAD, "|---" * 9, "|\n", *map(_row, self.steps)))


def _times(step: Step, seconds: list[float]) -> None:
    if seconds:
        step.p50, step.p99, step.worst = (float(value) for value in np.quantile(seconds, (0.5, 0.99, 1)))


def _row(step: Step) -> str:
    counts = f"{step.calls:,} | {step.lost} | {step.wrong}" if step.calls else "| | "
    times = " | ".join(f"{1000 * value:.1f}" if step.calls else "" for value in (step.p50, step.p99, step.worst))
    return f"| {step.name} | {step.seconds:.1f} | {counts} | {times} | {'; '.join(step.notes)} |\n"
