"""Heavy load by Zipf's law in one worker: single rows of one half of the models next to batches of the other."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from itertools import chain
from pathlib import Path
from typing import Any

import grpc

from benchmarks.paper import plots
from benchmarks.paper.baselines import processes
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.experiments.offering import (
    BATCH,
    ONE,
    RESERVED,
    TIMEOUT,
    ZIPF,
    Definitions,
    capacity,
    is_sensitive,
    offer,
    request,
    separated,
)
from benchmarks.paper.markdown import number, table
from benchmarks.serving import worker
from benchmarks.serving.overload import GENERATOR_CORE, SERVER_CORE, pinned
from pretzel.loadgen.calls import Request

MEMORY = ("--memory-budget", str(8 << 30))
PATIENT = (*MEMORY, "--shed-after-seconds", "0")
MODES = {
    (WITHOUT := "without reservation"): PATIENT,
    (WITH := "with reservation"): PATIENT,
    (DEFAULT := "without reservation, late calls refused"): MEMORY,
}
"""Options of the worker; by default it refuses calls that would wait for too long."""
RATES = (50.0, 100.0, 200.0, 350.0, 500.0)
"""Calls per second, as the paper has them."""
SHARES = (0.25, 0.5, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0)
"""Further ones, as shares of what callers get who wait for answers."""
FEW: Mapping[str, tuple[float, ...]] = {"small": (0.5, 0.9, 1.2, 2.0), "ten": (0.5, 1.5)}
"""The shares of smaller sizes, which have no others."""
CALLERS = 16
KEPT = 5.0
"""Growth of the P99 of a reserved model that counts as a degradation."""
TAIL = "reserved_p99_ms"
ALL, OWN = "all", "own"
"""Folders of the workers' models."""
PAPER = {
    "offered, calls/s": (50, 100, 150, 200, 250, 300, 350, 400, 450, 500),
    "throughput, K rows/s": (5.0, 10.2, 15.2, 19.6, 23.5, 24.8, 23.6, 22.6, 23.4, 24.4),
    "mean of the sensitive models, ms": ("-", "-", 2, 25, 280, 1450, "-", "-", "-", 4500),
}


def measure(context: Context) -> Found:
    """Fill a cache with all models, and offer each rate to a worker with and without reservation."""
    members = [pair for pairs in _turns(context) for pair in pairs]
    with tempfile.TemporaryDirectory() as folder:
        definitions = Definitions([member for member, _ in members])
        context.progress(f"compiles {len(members)} models")
        worker.fill(Path(folder) / ALL, definitions)
        worker.fill(Path(folder) / OWN, Definitions([members[RESERVED][0]]))
        requests = [
            request(member.name, definitions.columns[member.name], workload, ONE if is_sensitive(rank) else BATCH, rank)
            for rank, (member, workload) in enumerate(members)
        ]
        found: Found = {"models": len(members), "cores": os.cpu_count(), "modes": {}, "memory_mb": {}}
        for mode, options in list(MODES.items())[: 2 if context.size.name == "ten" else None]:
            context.progress(mode)
            _mode(found, context, mode, Path(folder), requests, options)
    return found | _concluded(found)


def _turns(context: Context) -> list[Any]:
    """Return pairs of members and workloads; the workloads take turns, the most called model first."""
    each = [[(member, workload) for member in workload.members] for workload in context.workloads.values()]
    return [tuple(chain(pairs)) for pairs in zip(*each, strict=False)]


def _mode(
    found: Found, context: Context, mode: str, folder: Path, requests: Sequence[Request], options: tuple[str, ...]
) -> None:
    """Start a worker with some options, call each model once, and offer the rates."""
    several = (os.cpu_count() or 1) > 1
    with ExitStack() as stack:
        stack.enter_context(pinned(SERVER_CORE) if several else nullcontext())
        started = [stack.enter_context(worker.started(folder / ALL, *options))]
        if mode == WITH:
            started.append(stack.enter_context(worker.started(folder / OWN, *options)))
        stack.enter_context(pinned(GENERATOR_CORE) if several else nullcontext())
        ports = started[-1]["port"], started[0]["port"]
        for port, part in zip(ports, separated(len(requests)), strict=True):
            _call_each(port, [requests[rank] for rank in part])
        measured = capacity(ports[1], requests, context.size.seconds, CALLERS) if "capacity" not in found else 0.0
        found["modes"][mode] = lines = []
        for rate in _rates(context, found, measured):
            context.progress(f"{mode}, {rate:,.0f} calls/s")
            lines.append(offer(ports, requests, context.size.seconds, rate))
        pids = [processes.parent_of(ready["processes"][0]) for ready in started]
        found["memory_mb"][mode] = sum(map(processes.memory_of, pids)) / 2**20


def _rates(context: Context, found: Found, measured: float) -> list[float]:
    """Return the rates to offer; the first worker determines them for all."""
    if "capacity" not in found:
        few = FEW.get(context.size.name)
        shares, fixed = few or SHARES, () if few else RATES
        wanted = {*(rate for rate in fixed if rate < 2 * measured), *(float(round(s * measured)) for s in shares)}
        found |= {"capacity": measured, "rates": sorted(wanted)}
    return found["rates"]


def _call_each(port: int, requests: Sequence[Request]) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        for item in requests:
            channel.unary_unary(item.path)(item.body, timeout=TIMEOUT)


def _concluded(found: Found) -> Found:
    """Return the headline: throughput, and the latency of sensitive models at about 90 % of the capacity."""
    near = min(range(len(found["rates"])), key=lambda i: abs(found["rates"][i] - 0.9 * found["capacity"]))
    headline = {}
    for mode, lines in found["modes"].items():
        headline[f"{mode}, most rows per second"] = max(line["rows_per_second"] for line in lines)
        headline[f"{mode}, P99 of the reserved model at 90 % of the capacity, ms"] = lines[near][TAIL]
        headline[f"{mode}, P99 of the reserved model at the highest rate, ms"] = lines[-1][TAIL]
    kept = {name: value for name, value in headline.items() if value is not None}
    low, high = (found["modes"][WITH][i][TAIL] for i in (0, -1))
    if not low or not high or high <= KEPT * low:
        return {"headline": kept}
    return {
        "headline": kept,
        "behind": [
            f"Heavy load: a model with a worker of its own has a P99 of {number(low)} ms at the lowest rate and "
            f"{number(high)} ms at the highest: both workers share a core here.  PRETZEL reserved a core, and reports "
            "no degradation."
        ],
    }


def as_markdown(found: Found) -> str:
    """Return the table of all rates, the paper's, and what the reservation brings."""
    parts = [
        f"{found['models']} models of both workloads in one worker on one core; the generator has another.  Calls "
        f"come at random times and by Zipf's law with {ZIPF:.0f}: the first model gets 61 % of them.  One half of the "
        f"models gets single rows and is latency-sensitive, the other batches of {BATCH}.  *With* reservation, one of "
        "the sensitive models, which gets 2.4 % of the calls, has a worker of its own on the same core; the paper "
        "reserves a core and memory inside of its one process.  In the last table the worker refuses calls that would "
        "wait for too long, as it does by default."
    ]
    heads = ("offered, calls/s", "answered, calls/s", "rows/s", "refused or late", "mean of the reserved model, ms")
    heads += (
        "P99 of the reserved model, ms",
        "mean of single rows, ms",
        "P99 of single rows, ms",
        "P99 of batches, ms",
        "sent late by, P99, ms",
    )
    keys = (
        "calls_per_second",
        "rows_per_second",
        "reserved_mean_ms",
        "reserved_p99_ms",
        "sensitive_mean_ms",
        "sensitive_p99_ms",
        "batch_p99_ms",
        "late_p99_ms",
    )
    for mode, lines in found["modes"].items():
        rows = []
        for line in lines:
            calls, rows_, *times = (line[key] for key in keys)
            rows.append((line["offered"], calls, rows_, f"{line['failed']:.1%}", *times))
        parts.append(f"{mode.capitalize()}, {found['memory_mb'][mode]:.0f} MB:\n\n{table(heads, rows)}")
    parts.append(
        "The paper, 500 models in process on 13 cores; with a core reserved for a model, its latency did not rise:\n\n"
        + table(("", *map(str, range(1, 11))), [(name, *values) for name, values in PAPER.items()])
    )
    return "\n\n".join([*parts, _brings(found)])


def _brings(found: Found) -> str:
    """Say what the reservation brings, by rates at which both sides have answers."""
    without, kept = found["modes"][WITHOUT], found["modes"][WITH]
    lines = []
    for one, other in zip(without, kept, strict=True):
        if one["offered"] >= 0.45 * found["capacity"] and one[TAIL] and other[TAIL]:
            share = f"{one['offered']:,.0f} calls/s, {one['offered'] / found['capacity']:.0%} of the capacity"
            tails, rows = ([side[key] for side in (one, other)] for key in (TAIL, "rows_per_second"))
            lines.append(
                f"- At {share}: P99 of the reserved model {number(tails[0])} ms without, {number(tails[1])} ms with "
                f"reservation, at {number(rows[0])} and {number(rows[1])} rows/s."
            )
    return "\n".join(lines)


def draw(found: Found, figure: Any) -> None:
    """Draw throughput and the latency of single rows by the offered rate."""
    left, right = figure.subplots(1, 2)
    for (mode, lines), colour in zip(found["modes"].items(), plots.COLOURS, strict=False):
        offered = [line["offered"] for line in lines]
        left.plot(offered, [line["rows_per_second"] for line in lines], marker="o", markersize=3, color=colour)
        tails = [line[TAIL] for line in lines]
        right.plot(offered, tails, marker="o", markersize=3, color=colour, label=mode)
    left.set(xscale="log", xlabel="offered, calls/s", ylabel="rows/s")
    right.set(xscale="log", yscale="log", xlabel="offered, calls/s", ylabel="P99 of the reserved model, ms")
    right.legend(frameon=False)


EXPERIMENT = Experiment("heavy", "Heavy load, with and without reservation", measure, as_markdown, draw)
