"""The figures of a run, printed as they arrive and written to ``docs/benchmarks/scale.md``."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness import circumstances

PAGE = Path(__file__).parents[2] / "docs/benchmarks/scale.md"
RESULT = PAGE.with_suffix(".json")


@dataclass
class Figures:
    """Named figures, each with its unit and goal."""

    lines: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, name: str, value: str, goal: str = "") -> None:
        """Record a figure, and print it."""
        self.lines.append((name, value, goal))
        print(f"{name}: {value}{f' (goal: {goal})' if goal else ''}", flush=True)

    def memory(self, name: str, sums: dict[str, float], goal: str = "") -> None:
        """Record the memory of all processes, in MiB by role."""
        parts = ", ".join(f"{role} {size:.0f}" for role, size in sorted(sums.items()))
        self.add(name, f"{sum(sums.values()):.0f} MiB ({parts})", goal)


def write(figures: Figures, options: argparse.Namespace) -> None:
    """Write the page and the figures with their circumstances; figures of parts that did not run stay."""
    figures = merged(figures)
    named = {key: str(value) for key, value in vars(options).items() if key not in ("directory", "write", "parts")}
    RESULT.write_text(json.dumps(circumstances() | {"options": named, "figures": figures.lines}, indent=1) + "\n")
    rows = [f"| {name} | {value} | {goal} |" for name, value, goal in figures.lines]
    table = "\n".join(["| figure | value | goal |", "|---|---|---|", *rows])
    PAGE.write_text(f"# Scale\n\n{about(options)}\n\n{table}\n")


def merged(figures: Figures) -> Figures:
    """Return the figures, after those of an earlier run that have other names."""
    lines = {name: (name, value, goal) for name, value, goal in _earlier()}
    lines |= {line[0]: line for line in figures.lines}
    return Figures(list(lines.values()))


def _earlier() -> list[tuple[str, str, str]]:
    return json.loads(RESULT.read_text())["figures"] if RESULT.exists() else []


def about(options: argparse.Namespace) -> str:
    """Return what was measured, and on what."""
    machine = circumstances()
    return f"""\
Written by `python -m benchmarks.scale.models --models {options.models} --cycles {options.cycles} --write`.
{options.models:,} sibling text models with {options.features:,} words and weights of their own are behind one `pretzel
up` with one serving process; {options.texts} others have {options.wide:,} words.  Memory is the proportional set size
(PSS) of processes: a page that n of them map counts as one n-th.  The client runs on the same {machine["cores"]} cores
({machine["processor"]}, Python {machine["python"]}).  {options.note}  The figures with their circumstances are in
[scale.json](scale.json)."""
