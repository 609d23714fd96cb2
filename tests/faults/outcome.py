"""Outcome of a scenario, and the table of all outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Outcome:
    """The counts of one scenario."""

    calls: int
    lost: int
    wrong: int
    heal_seconds: float
    faults: int
    """Number of injected faults: kills, damaged files, full disks."""
    problems: list[str] = field(default_factory=list)
    """Descriptions of all deviations; empty for a scenario that passed."""

    @property
    def passed(self) -> bool:
        """True if no output was wrong, no call was lost and no other problem occurred."""
        return not (self.lost or self.wrong or self.problems)


Scenario = Callable[[Path], Outcome]
SCENARIOS: dict[str, Scenario] = {}


def scenario(function: Scenario) -> Scenario:
    """Register a scenario under its function name."""
    SCENARIOS[function.__name__] = function
    return function


def table(outcomes: Iterable[tuple[str, Outcome]]) -> str:
    """Return the outcomes as a Markdown table."""
    head = "| scenario | faults | calls | lost | wrong | seconds to heal |\n|---|---|---|---|---|---|\n"
    return head + "".join(
        f"| {name.replace('_', ' ')} | {o.faults:,} | {o.calls:,} | {o.lost} | {o.wrong} | {o.heal_seconds:.1f} |\n"
        for name, o in outcomes
    )
