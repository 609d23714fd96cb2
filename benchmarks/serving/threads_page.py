"""The page of many rows on two cores: ``docs/benchmarks/threads.md`` and its figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks.harness import circumstances
from benchmarks.pages import PAGES

RESULT = PAGES / "threads.json"


@dataclass(frozen=True)
class Side:
    """Least seconds of a call with some number of threads."""

    wall: float
    loop: float
    """Processor time of the worker's event loop; 0 in process."""
    work: float
    """Processor time of the thread that computes longest."""
    inside: float = 0.0
    """Return the times that the worker measures, from a whole request to its answer."""

    @property
    def path(self) -> float:
        """Processor time of what cannot run at once: the event loop, and then the thread that computes longest."""
        return self.loop + self.work


@dataclass(frozen=True)
class Compared:
    """A call with one thread and with several."""

    name: str
    one: Side
    several: Side
    median: float
    """Ratio of the wall-clock times, over rounds."""
    ceiling: float
    """Return the gain of two processes at once over one, for the same work."""
    bare: float = 0.0
    """Seconds of as many bytes to another process and back."""

    @property
    def ratio(self) -> float:
        """The ratio of the shortest times."""
        return self.one.wall / self.several.wall

    @property
    def limit(self) -> float:
        """The ratio on two cores that share nothing, if the transport took no more than a bare one."""
        return (self.bare + self.one.work) / (self.bare + self.one.work / 2)

    def cells(self) -> list[str]:
        """Return the cells of a line, without those that only a worker has."""
        walls = [_ms(self.one.wall), _ms(self.several.wall), f"{self.ratio:.2f}", f"{self.median:.2f}"]
        times = [_ms(self.one.path), _ms(self.several.path), f"{self.one.path / self.several.path:.2f}"]
        return [self.name, *walls, *times]

    def served_cells(self) -> list[str]:
        """Return the cells of a line about a worker."""
        inside = [_ms(self.one.inside), _ms(self.several.inside), f"{self.one.inside / self.several.inside:.2f}"]
        return [*self.cells(), *inside, _ms(self.one.loop), _ms(self.bare), f"{self.limit:.2f}"]

    def __str__(self) -> str:
        """Return a line for the terminal."""
        return "  ".join(self.served_cells() if self.several.inside else self.cells())


def write(rows: int, ceilings: Mapping[str, float], results: Sequence[Compared]) -> None:
    """Write the page."""
    figures = {"rows": rows, "ceilings": dict(ceilings), "results": [asdict(item) for item in results]}
    RESULT.write_text(json.dumps(circumstances() | figures, indent=1) + "\n")
    RESULT.with_suffix(".md").write_text(page(rows, ceilings, results))


def page(rows: int, ceilings: Mapping[str, float], results: Sequence[Compared]) -> str:
    """Return the page."""
    limits = [_line([name, f"{ratio:.2f}"]) for name, ratio in ceilings.items()]
    local = [_line(item.cells()) for item in results if not item.several.inside]
    remote = [_line(item.served_cells()) for item in results if item.several.inside]
    return "\n".join([_HEAD.format(rows=f"{rows:,}"), *limits, _LOCAL, *local, _REMOTE, *remote, ""])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


_HEAD = """\
# Many rows on two cores

Written by `python -m benchmarks.serving.threads --write`: {rows} rows on one and on two threads, both sides in turn in
one run.  *Ratio* is that of the shortest wall-clock times, *median* that over rounds.  *Path* is the processor time of
what cannot run at once: in process that of the thread that computes longest, in a worker that of the event loop too.
It is the wall-clock time on cores that no other program uses, except for what threads wait.  The figures with their
circumstances are in [threads.json](threads.json), the design is
[record 32](../adr/0032-parts-of-a-run-on-several-threads.md).

## The machine

How much more two processes do in the same time than one alone: pure work, and each model on one thread of each process.
Wall-clock ratios in the same run cannot exceed this by more than chance; below 2, other programs took their share.

| work | at once |
|---|---|"""

_LOCAL = """
## In process

| call | one thread | two | ratio | median | path, one | two | ratio |
|---|---|---|---|---|---|---|---|"""

_REMOTE = """
## In a worker

The client runs on the same two cores.  *In the server* is the worker's own time, from the whole request to its answer
(`pretzel_request_seconds`).  *Event loop* is its processor time: it reads the message, before which no part can begin.
*Bare* is as many bytes to another process and back over TCP, which does nothing else with them.  *Limit* is the ratio
if the transport cost only that and the computation took half of its time on two cores.

"""
_SERVED = ("one thread", "two", "ratio", "median", "path, one", "two", "ratio", "in the server, one", "two", "ratio")
_COLUMNS = ("call", *_SERVED, "event loop", "bare", "limit")
_REMOTE += f"| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}"
