"""Rows per second in process, by cores and by rows per call."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from benchmarks.paper import plots
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.experiments import apart, batches
from benchmarks.paper.experiments.apart import Apart
from benchmarks.paper.experiments.plans import plans_of
from benchmarks.paper.markdown import number, table
from benchmarks.paper.workloads import Workload

MEMBERS = 20
CORES = (1, 2)
BATCHES = (1, 10, 100, 1000)
OF_PAPER = 1000
SECONDS = 0.3
"""Duration of a measurement, at most; it is longer if a pass over the models is."""
SIDES = {"ours": "Pretzel", "theirs": "scikit-learn"}
WANTED = 15.0
"""Times the throughput of the library on SA, with batches as the paper has them."""
PAPER: Mapping[str, Mapping[int, tuple[float, float]]] = {
    "SA": {1: (11_500, 5000), 2: (22_800, 11_500)},
    "AC": {1: (1310, 360), 2: (2580, 560)},
}
"""Rows per second of PRETZEL and of ML.Net by cores."""


def measure(context: Context) -> Found:
    """Measure both workloads; a round measures each side at each size and number of cores."""
    kinds = {kind: _measured(context, workload) for kind, workload in context.workloads.items()}
    headline = {
        f"{kind}, cores: {line['cores']}, rows per call: {line['batch']}, {SIDES[side]}, rows/s": line[side]
        for kind, one in kinds.items()
        for line in one["lines"]
        for side in SIDES
    }
    targets = {
        f"{kind} throughput": min(line["ratio"] for line in one["lines"] if line["batch"] == OF_PAPER)
        for kind, one in kinds.items()
    }
    return {"kinds": kinds, "headline": headline, "targets": targets}


def _measured(context: Context, workload: Workload) -> Found:
    members = workload.spread(MEMBERS)
    plans = plans_of(workload, context.progress)
    cores = [count for count in CORES if count <= (os.cpu_count() or 1)]
    rates: dict[tuple[int, int], dict[str, list[float]]] = {}
    with ExitStack() as running:
        processes = [
            running.enter_context(apart.started(batches.serve, members, workload.rows, plans))
            for _ in range(max(cores))
        ]
        for process in processes:
            process.receive(lambda text: context.progress(f"{workload.name}: {text}"))
        for turn in range(context.size.rounds):
            context.progress(f"{workload.name}: round {turn + 1} of {context.size.rounds}")
            for count in cores:
                for size in BATCHES:
                    sides = rates.setdefault((count, size), {side: [] for side in SIDES})
                    for side in SIDES:
                        order = side, size, min(SECONDS, context.size.seconds)
                        sides[side].append(_together(processes[:count], order))
        for process in processes:
            process.send(None)
            process.receive()
    lines = [_line(count, size, sides) for (count, size), sides in rates.items()]
    return {"members": len(members), "distinct_rows": len(workload.rows), "lines": lines}


def _together(processes: Sequence[Apart], order: batches.Order) -> float:
    """Return the rows per second of all processes, which run at the same time."""
    for process in processes:
        process.send(order)
    return float(sum(process.receive() for process in processes))


def _line(cores: int, size: int, sides: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Return the medians over the rounds; the ratio is that of each round."""
    ratios = [ours / theirs for ours, theirs in zip(sides["ours"], sides["theirs"], strict=True)]
    medians = {side: statistics.median(values) for side, values in sides.items()}
    spread_of = {"least_ratio": min(ratios), "most_ratio": max(ratios)}
    return {"cores": cores, "batch": size, **medians, "ratio": statistics.median(ratios), **spread_of}


def as_markdown(found: Found) -> str:
    """Return the table of each workload, the paper's numbers, and what is missed."""
    heads = ("cores", "rows per call", "Pretzel, rows/s", "scikit-learn, rows/s", "", "of the rounds")
    parts = [
        "Each core has a process with all the models of both systems, whose libraries use one thread; it calls them in "
        "turn.  Pretzel's processes share the parameters.  Medians over rounds, in which the systems take turns."
    ]
    for kind, one in found["kinds"].items():
        rows = [
            (
                *(line["cores"], line["batch"], line["ours"], line["theirs"], f"{number(line['ratio'])}x"),
                f"{number(line['least_ratio'])}x to {number(line['most_ratio'])}x",
            )
            for line in one["lines"]
        ]
        parts += [f"### {kind}, {one['members']} models", table(heads, rows), _paper(kind), *_said(kind, one)]
    return "\n\n".join(parts)


def _paper(kind: str) -> str:
    rows = [
        (cores, OF_PAPER, float(ours), float(theirs), f"{number(ours / theirs)}x")
        for cores, (ours, theirs) in PAPER[kind].items()
    ]
    heads = ("cores", "rows per call", "PRETZEL in the paper, rows/s", "ML.Net in the paper, rows/s", "")
    return f"{table(heads, rows)}\n\nOn up to 13 cores the paper has {'2.6x' if kind == 'SA' else '10x'} at most."


def _said(kind: str, one: Found) -> Iterator[str]:
    """Say how the rate grows with cores, and with the rows of a call; and what is missed."""
    lines = {(line["cores"], line["batch"]): line for line in one["lines"]}
    most = max(cores for cores, _ in lines)
    if most > 1:
        scaling = [lines[most, OF_PAPER][side] / lines[1, OF_PAPER][side] for side in SIDES]
        yield (
            f"{most} cores do {number(scaling[0])} times the work of one with Pretzel, {number(scaling[1])} times with "
            f"scikit-learn, at {OF_PAPER} rows per call."
        )
    gains = [lines[1, OF_PAPER][side] / lines[1, 1][side] for side in SIDES]
    yield (
        f"{OF_PAPER} rows per call bring {number(gains[0])} times the rows of single ones with Pretzel, and "
        f"{number(gains[1])} times with scikit-learn, which pays for its Python once per call."
    )
    worst = min((line for line in one["lines"] if line["batch"] == OF_PAPER), key=lambda line: line["ratio"])
    if kind == "SA" and worst["ratio"] < WANTED:
        yield (
            f"**Missed**: asked for {number(WANTED)}x at {OF_PAPER} rows per call, measured {number(worst['ratio'])}x "
            f"with {worst['cores']} processes.  A row takes Pretzel "
            f"{number(1e6 * worst['cores'] / worst['ours'])} us of a core, scikit-learn "
            f"{number(1e6 * worst['cores'] / worst['theirs'])} us; at one row per call the ratio is "
            f"{number(lines[worst['cores'], 1]['ratio'])}x, because there the library's Python counts."
        )


def draw(found: Found, figure: Any) -> None:
    """Draw the rows per second by the rows of a call."""
    kinds = found["kinds"]
    for axis, (kind, one) in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds.items(), strict=True):
        for cores, style in zip(sorted({line["cores"] for line in one["lines"]}), ("-", "--"), strict=False):
            lines = [line for line in one["lines"] if line["cores"] == cores]
            for side, colour in zip(SIDES, (plots.OURS, plots.THEIRS), strict=True):
                label = f"{SIDES[side]}, {cores} core{'s' if cores > 1 else ''}"
                sizes, rates = [line["batch"] for line in lines], [line[side] for line in lines]
                axis.plot(sizes, rates, style, marker="o", markersize=3, color=colour, label=label)
        axis.set(title=kind, xscale="log", yscale="log", xlabel="rows per call", ylabel="rows/s")
    axis.legend(frameon=False)


EXPERIMENT = Experiment("throughput", "Rows per second in process", measure, as_markdown, draw)
