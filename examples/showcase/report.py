"""The output of the demo: a line per step, a table by family, and the use of memory."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from showcase.checking import ABSOLUTE, RELATIVE, Checked
from showcase.latency import Latency
from showcase.memory import Account

MOST_PROBLEMS = 20
MEMORY_LIMIT = 1.5
T = TypeVar("T")

console = Console(highlight=False)
if not console.is_terminal:
    console.width = 100  # a log has no width


@contextlib.contextmanager
def step(title: str) -> Iterator[list[str]]:
    """Print the duration of a step, and its notes, when it ends."""
    notes: list[str] = []
    start = time.perf_counter()
    yield notes
    seconds = time.perf_counter() - start
    line = f"{title}: {', '.join(notes)}" if notes else title
    console.print(f"[green]✓[/] {line} [dim]({seconds:.1f} s)[/]")


def each(items: Sequence[T], title: str) -> Iterator[T]:
    """Iterate over items with a progress bar on a terminal."""
    bar = track(items, title, console=console, transient=True, disable=not console.is_terminal)
    yield from bar


def show_answers(checked: list[Checked], latencies: list[Latency]) -> None:
    """Print a line per family: answers, differing answers, and the time for one row."""
    table = _table("Answers against scikit-learn, and microseconds for one row (median of the family)")
    table.add_column("data", no_wrap=True)
    for name in ("models", "answers", "differ", "scikit-learn", "in process", "faster", "gRPC", "faster"):
        table.add_column(name, justify="right")
    for family in dict.fromkeys(result.model.family for result in checked):
        rows = [result for result in checked if result.model.family == family]
        table.add_row(*_answers(family, rows), *_times([time for time in latencies if time.model.family == family]))
    table.add_section()
    table.add_row(*_answers("all", checked), *_times(latencies))
    console.print(table)
    console.print(
        f"[dim]equal labels; floats within {RELATIVE:g} of the value + {ABSOLUTE:g} of the column's largest[/]\n"
    )


def _table(title: str, **options: bool) -> Table:
    console.print(f"\n[bold]{title}[/]")
    return Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), **options)


def _answers(family: str, rows: list[Checked]) -> list[str]:
    differing = sum(result.differing for result in rows)
    colour = "red" if differing else "green"
    answers = sum(result.answers for result in rows)
    return [family.replace("_", " "), str(len(rows)), f"{answers:,}", f"[{colour}]{differing:,}[/]"]


def _times(latencies: list[Latency]) -> list[str]:
    sklearn, compiled, served = (
        statistics.median(getattr(latency, way) for latency in latencies) for way in ("sklearn", "compiled", "served")
    )
    faster = [
        statistics.median(latency.sklearn / getattr(latency, way) for latency in latencies)
        for way in ("compiled", "served")
    ]
    return [_micros(sklearn), _micros(compiled), f"{faster[0]:.0f}x", _micros(served), f"{faster[1]:.1f}x"]


def show_memory(account: Account) -> None:
    """Print the use of memory."""
    table = _table("Memory of all pipelines", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("as separate pickles", _megabytes(account.pickled))
    table.add_row("unpickled in one Python process", _megabytes(account.unpickled))
    table.add_section()
    table.add_row("parameters of their plans without sharing", _megabytes(account.in_plans))
    table.add_row("distinct parameters, each once", _megabytes(account.distinct))
    table.add_row("worker (PSS) when empty", _megabytes(account.empty))
    table.add_row("worker (PSS) over that, with all pipelines loaded", _megabytes(account.loaded - account.empty))
    colour = "green" if account.ratio <= MEMORY_LIMIT else "red"
    table.add_row("that, to its distinct parameters", f"[{colour}]{account.ratio:.2f}x[/] (at most {MEMORY_LIMIT}x)")
    console.print(table)


def verdict(checked: list[Checked]) -> int:
    """Print differences, and return the exit status."""
    problems = [problem for result in checked for problem in result.problems]
    for problem in problems[:MOST_PROBLEMS]:
        console.print(f"[red]✗[/] {escape(problem)}")
    if len(problems) > MOST_PROBLEMS:
        console.print(f"[red]✗[/] and {len(problems) - MOST_PROBLEMS} more")
    if not problems:
        console.print(f"\n[bold green]All {sum(result.answers for result in checked):,} answers match scikit-learn.[/]")
    return 1 if problems else 0


def _micros(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
