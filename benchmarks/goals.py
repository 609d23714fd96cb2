"""Compare the results of the kernel families with their goals: ``python -m benchmarks.goals``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import Row, read
from benchmarks.pages import PAGES

EVERY = (1, 100, 10_000)


@dataclass(frozen=True)
class Goal:
    """The speedup over a rival that a case must reach at some number of rows."""

    family: str
    case: str
    """The start of the name of the case."""
    rival: str
    rows: int
    times: float

    def row(self, rows: Iterable[Row]) -> Row | None:
        """Return the measurement for the goal."""
        mine = (r for r in rows if r.name.startswith(self.case) and (r.rival, r.rows) == (self.rival, self.rows))
        return next(mine, None)


TEXT = "text pipeline"
FOREST = "LightGBM, 500 trees x 63 leaves"
DENSE = "40 columns: impute, scale, PCA 20, logistic"
UNION = "the same with PCA 20 + k-means 16"
ADULT = "Adult, a DataFrame"
GOALS = (
    Goal("text", TEXT, "scikit-learn", 1, 100),
    Goal("text", TEXT, "scikit-learn", 1000, 20),
    Goal("trees", FOREST, "lleaves", 1, 1),
    Goal("trees", FOREST, "lleaves", 10_000, 1),
    Goal("trees", FOREST, "LightGBM", 10_000, 8),
    *(Goal("dense", DENSE, "ONNX Runtime", rows, 1) for rows in EVERY),
    Goal("dense", DENSE, "scikit-learn", 1, 80),
    Goal("dense", UNION, "scikit-learn", 1, 80),
    Goal("dense", ADULT, "scikit-learn", 1, 20),
    Goal("dense", ADULT, "scikit-learn", 10_000, 5),
)
HEAD = """\
# Goals of the kernels

Written by `python -m benchmarks.goals` from the results next to this page.  A goal is met if the median of the ratios
of one run reaches it; the range is over its rounds.

| case | rows | rival | goal, times faster | measured | range | |
|---|---|---|---|---|---|---|
"""


def main() -> None:
    """Write the page of goals next to the results, and print it."""
    text = page(GOALS, PAGES)
    (PAGES / "goals.md").write_text(text)
    print(text)


def page(goals: Sequence[Goal], directory: Path) -> str:
    """Return the page of goals with their measurements and verdicts."""
    measured = {family: list(read(directory / f"{family}.json")) for family in {goal.family for goal in goals}}
    return HEAD + "\n".join(_line(goal, goal.row(measured[goal.family])) for goal in goals) + "\n"


def _line(goal: Goal, row: Row | None) -> str:
    target = f"{goal.times:g}"
    if row is None:
        return f"| {goal.case} | {goal.rows} | {goal.rival} | {target} | | | not measured |"
    verdict = "met" if row.ratio >= goal.times else "**not met**"
    measured = f"{row.ratio:.3g} | {row.low:.3g}-{row.high:.3g}"
    return f"| {row.name} | {goal.rows} | {goal.rival} | {target} | {measured} | {verdict} |"


if __name__ == "__main__":
    main()
