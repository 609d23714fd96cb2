"""One-row calls over a network: our worker in three protocols, and servers of today over the same pickles."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.paper import plots
from benchmarks.paper.baselines import OURS, RIVALS, Row, measure_models
from benchmarks.paper.baselines.environments import SkippedError
from benchmarks.paper.baselines.measuring import CONCURRENCY
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.experiments.members import Kept, spread
from benchmarks.paper.markdown import number, table

OURS_NAMES = [server.name for server in OURS]
OF_SIZE = {"ten": OURS[:1]}
"""The servers of a size that shows the shape alone."""
SHARE, FEWEST, MOST = 0.5, 8, 96
"""Load of all servers: half of what a core does with the slowest model in scikit-learn; at least and at most."""
IN_PYTHON, BY_COMMAND = "measure with install=True, which fills", "--install fills"
PAPER = (
    ("SA", "4.3, in figure 11 8.2", "9.3, in figure 11 18.0", 3.6, 8.2),
    ("AC", "7.3, in figure 11 10.0", "18.0, in figure 11 25.0", 5.1, 13.9),
)
FIGURES = (
    ("calls_per_processor_second", "calls per processor second", "", True),
    ("load_p99_ms", "P99 at equal load", ", ms", False),
    ("memory_mb", "memory", ", MB", False),
)
"""Figures that are compared: key, name, unit, and whether more is better."""


def measure(context: Context) -> Found:
    """Measure each server over each workload, one after the other."""
    found: Found = {"kinds": {}, "headline": {}, "targets": {}, "behind": [], "skipped": []}
    for kind, workload in context.workloads.items():
        models = spread(workload, context.size)
        rate = _rate(models)
        rows = []
        for server in OF_SIZE.get(context.size.name, (*OURS, *RIVALS)):
            context.progress(f"{kind}, {server.name}")
            seconds = 2 * context.size.seconds if context.size.name == "full" else context.size.seconds
            row = measure_models(
                server.name, models, seconds, concurrency=CONCURRENCY, rate=rate, install=context.install
            )
            rows.append(row)
        _add(found, kind, rows, rate)
    if not any(item["servers"] for item in found["kinds"].values()):
        raise SkippedError(found["skipped"][0])
    return found


def _rate(models: Sequence[Kept]) -> float:
    """Return the calls per second that all servers get: a multiple of the connections, each of which has its pace."""
    slowest = 0.0
    for model in models:
        estimator, rows = model.estimator, [model.row] if isinstance(model.row, str) else np.asarray(model.row)[None, :]
        estimator.predict(rows)
        begun = time.thread_time()
        estimator.predict(rows)
        slowest = max(slowest, time.thread_time() - begun)
    bounded = min(MOST, max(FEWEST, SHARE / max(slowest, 1e-6)))
    return float(bounded // CONCURRENCY * CONCURRENCY)


def _add(found: Found, kind: str, rows: Sequence[Row], rate: float) -> None:
    measured = {row.server: asdict(row) for row in rows if not row.skipped}
    found["kinds"][kind] = {"rate": rate, "servers": measured}
    skipped = [row.skipped.replace(IN_PYTHON, BY_COMMAND) for row in rows if row.skipped]
    found["skipped"] = list(dict.fromkeys([*found["skipped"], *skipped]))  # most are skipped for both workloads
    ours = {name: row for name, row in measured.items() if name in OURS_NAMES}
    theirs = {name: row for name, row in measured.items() if name not in OURS_NAMES}
    for name, row in measured.items():
        found["headline"] |= {f"{kind}, {name}, {label}{unit}": row[key] for key, label, unit, _ in FIGURES}
    if ours and theirs:
        best = max(row["calls_per_processor_second"] for row in theirs.values())
        mine = max(row["calls_per_processor_second"] for row in ours.values())
        found["targets"][f"{kind} calls per processor second"] = mine / best
        tail = min(row["load_p99_ms"] for row in theirs.values())
        found["targets"][f"{kind} P99 at equal load"] = tail / min(row["load_p99_ms"] for row in ours.values())
    found["behind"] += _behind(kind, ours, theirs)


def _behind(kind: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each figure in which a rival is ahead of one of our protocols."""
    sentences = []
    for key, label, _, more in FIGURES:
        for name, row in ours.items():
            ahead = [f"{other} ({number(its[key])})" for other, its in theirs.items() if (its[key] > row[key]) == more]
            if ahead:
                sentences.append(f"{kind}, {label}: {name} ({number(row[key])}) is behind {', '.join(ahead)}.")
    return sentences


def as_markdown(found: Found) -> str:
    """Return a table for each workload, and the paper's."""
    parts = [
        f"Each server has one process that serves; {CONCURRENCY} connections send one row at a time, closed, and then "
        "at a steady rate that is the same for all servers and that half a core of scikit-learn would answer; they "
        "send at the same moments, so that calls wait for each other.  Processor seconds are those of all processes of "
        "a server.  Answers are compared with the estimator's before and after."
    ]
    heads = ("server", "calls/s", "calls per processor second", "P50, ms", "P99, ms")
    heads += ("P50 at load, ms", "P99 at load, ms", "memory, MB", "start, s", "wrong answers")
    keys = ("calls_per_second", "calls_per_processor_second", "p50_ms", "p99_ms")
    keys += ("load_p50_ms", "load_p99_ms", "memory_mb", "start_seconds", "wrong")
    for kind, item in found["kinds"].items():
        rows = [(name, *(row[key] for key in keys)) for name, row in item["servers"].items()]
        models = max((row["models"] for row in item["servers"].values()), default=0)
        parts.append(f"{kind}, {models} pipelines, equal load of {item['rate']:.0f} calls/s:\n\n{table(heads, rows)}")
    heads = ("paper, HTTP", "PRETZEL P99, ms", "Clipper P99, ms", "PRETZEL P50, ms", "Clipper P50, ms")
    parts.append(f"The paper's own numbers, over HTTP:\n\n{table(heads, PAPER)}")
    return "\n\n".join([*parts, *_verdicts(found)])


def _verdicts(found: Found) -> list[str]:
    lines = [f"- {name}: {number(value)} times the best rival." for name, value in found["targets"].items()]
    lines += [f"- Behind: {sentence}" for sentence in found["behind"]]
    return ["\n".join(lines)] if lines else []


def draw(found: Found, figure: Any) -> None:
    """Draw the calls per processor second of each server."""
    kinds = found["kinds"]
    for axis, (kind, item) in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds.items(), strict=True):
        servers = item["servers"]
        colours = [plots.OURS if name in OURS_NAMES else plots.THEIRS for name in servers]
        values = [row["calls_per_processor_second"] for row in servers.values()]
        plots.bars(axis, list(servers), values, colours, "calls per processor second")
        axis.set_title(kind)


EXPERIMENT = Experiment("end_to_end", "One-row calls over gRPC and REST", measure, as_markdown, draw)
