"""Publish the results of a kernel family under ``docs/benchmarks``: numbers, a table and a plot."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks import harness, plot
from benchmarks.harness import Row

PAGES = Path(__file__).parents[1] / "docs/benchmarks"


def publish(family: str, about: str, rows: Sequence[Row], notes: Sequence[str] = (), directory: Path = PAGES) -> None:
    """Write ``<family>.json``, ``.md`` and, if matplotlib is installed, ``.svg``."""
    harness.write(rows, directory / f"{family}.json")
    drawn = bool(find_spec("matplotlib"))
    if drawn:
        plot.draw(rows, directory / f"{family}.svg")
    (directory / f"{family}.md").write_text(page(family, about, rows, notes, drawn=drawn))


def publish_serving(about: str, rows: Sequence[Row], notes: Sequence[str], directory: Path = PAGES) -> None:
    """Write ``serving.json`` and ``serving.md``."""
    harness.write(rows, directory / "serving.json")
    parts = ["# Serving", about, _SERVING, harness.table(rows), *_listed(notes)]
    (directory / "serving.md").write_text("\n\n".join(parts) + "\n")


def page(family: str, about: str, rows: Sequence[Row], notes: Sequence[str] = (), *, drawn: bool = True) -> str:
    """Return the page of a family: its description, plot, table, and skipped comparisons."""
    parts = [f"# Kernels: {family}", about, _how(family)]
    if drawn:
        parts.append(f"![microseconds per row by rows per call]({family}.svg)")
    return "\n\n".join([*parts, harness.table(rows), *_listed(notes)]) + "\n"


def _listed(notes: Sequence[str]) -> list[str]:
    return ["Not compared:\n\n" + "\n".join(f"- {note}" for note in dict.fromkeys(notes))] if notes else []


_SERVING = """\
Written by `python -m benchmarks.run serving.front`.  Each round measures both sides, in turn; *times faster* is the
median over rounds of the ratio within a round, the *range* its extremes.  The worker has one serving process.  The load
generator runs on the same two cores.  The numbers with their circumstances are in [serving.json](serving.json)."""


def _how(family: str) -> str:
    return f"""\
Written by `python -m benchmarks.run kernels.{family}`.  Both sides are called through their public methods, in turn, in
one process and on one thread.  *Times faster* is the median over rounds of the ratio within a round, the *range* its
extremes; the *floor* is an estimate of the time of the arithmetic and the memory alone
([how](../../benchmarks/README.md#floors)).  The numbers with their circumstances are in
[{family}.json]({family}.json)."""
