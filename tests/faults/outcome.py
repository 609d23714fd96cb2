"""What a scenario came to, and the table of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Outcome:
    """The count of one scenario."""

    calls: int
    lost: int
    wrong: int
    heal_seconds: float
    faults: int
    """How many faults were made: kills, damaged files, full disks."""
    problems: list[str] = field(default_factory=list)
    """Everything that was not as it should be, in words; none, for a scenario that passed."""

    @property
    def passed(self) -> bool:
        """Whether no answer was wrong, no call was lost and nothing else was amiss."""
        return not (self.lost or self.wrong or self.problems)


Scenario = Callable[[Path], Outcome]
SCENARIOS: dict[str, Scenario] = {}


def scenario(function: Scenario) -> Scenario:
    """Register a scenario under its own name."""
    SCENARIOS[function.__name__] = function
    return function


def table(outcomes: Iterable[tuple[str, Outcome]]) -> str:
    """Return the outcomes as a Markdown table."""
    head = "| scenario | faults | calls | lost | wrong | seconds to heal |\n|---|---|---|---|---|---|\n"
    return head + "".join(
        f"| {name.replace('_', ' ')} | {o.faults:,} | {o.calls:,} | {o.lost} | {o.wrong} | {o.heal_seconds:.1f} |\n"
        for name, o in outcomes
    )
