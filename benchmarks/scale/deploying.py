"""Thousands of models: the time of each deployment, memory with all resident, restarts, and first calls."""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Iterable
from pathlib import Path

import pretzel
from benchmarks.scale.calls import Caller, quantiles
from benchmarks.scale.page import Figures
from benchmarks.scale.processes import MIB, Up, processor_seconds, up
from benchmarks.scale.siblings import Family

WINDOW = 20
"""Deployments over which a median is taken."""
COLD = 100
"""One call in so many is the first of its model."""
WARM = 100
"""Models that all other calls go to."""


def measure(figures: Figures, family: Family, directory: Path, options: argparse.Namespace) -> None:
    """Deploy siblings, call each, restart the worker, and call with a share of first calls."""
    names = [name_of(i) for i in range(options.models)]
    with up(directory, options.budget) as system:
        with pretzel.ControlPlane(system.control) as plane:
            have = {model.name for model in plane.models()}
            if lacking := [i for i, name in enumerate(names) if name not in have]:
                figures.memory("memory of the system before", system.pss())
                _deploy(figures, system, plane, family, lacking)
                figures.memory(f"memory after {len(names):,} deployments, before a call", system.pss())
        _call_all(figures, system, family, names, options.budget)
        _restart(figures, system)
        _call_some_cold(figures, system, family, names, options.calls)


def name_of(number: int) -> str:
    """Return the name of a sibling."""
    return f"customer-{number:05d}"


def _deploy(figures: Figures, system: Up, plane: pretzel.ControlPlane, family: Family, numbers: Iterable[int]) -> None:
    pids = {role: pid for pid, role in system.processes().items() if role in ("supervisor", "serving", "control plane")}
    times: list[float] = []
    spent: list[dict[str, float]] = []
    for number in numbers:
        definition = family.sibling(number)
        start = time.perf_counter()
        plane.deploy(name_of(number), definition)
        times.append(time.perf_counter() - start)
        spent.append({role: processor_seconds(pid) for role, pid in pids.items()})
    for label, at in (("10th", 10), ("last", len(times))):
        first = max(0, at - WINDOW // 2)
        window = times[first : first + WINDOW] if at == 10 else times[-WINDOW:]
        figures.add(f"time per deployment at the {label}", f"{statistics.median(window) * 1000:.1f} ms")
    for role in pids:
        used = [entry[role] for entry in spent]
        few = min(200, len(used) // 3)
        ends = [(used[few] - used[0]) / few, (used[-1] - used[-few - 1]) / few]
        figures.add(
            f"processor time per deployment, {role}", f"first {ends[0] * 1000:.1f} ms, last {ends[1] * 1000:.1f} ms"
        )


def _call_all(figures: Figures, system: Up, family: Family, names: list[str], budget: int) -> None:
    with Caller(system.predictions, family) as caller:
        seconds = caller.each(names)
    figures.add(f"first calls of all {len(names):,} models", f"all answered, {quantiles(seconds)}")
    figures.memory("memory with all called", system.pss(), f"under {budget // MIB} MiB")


def _restart(figures: Figures, system: Up) -> None:
    seconds = [system.restart_worker() for _ in range(3)]
    figures.add("restart of the worker until it serves", f"{statistics.median(seconds):.2f} s", "under 3 s")


def _call_some_cold(figures: Figures, system: Up, family: Family, names: list[str], calls: int) -> None:
    """Call warm models, and after each :data:`COLD` of them one for the first time since the restart."""
    draw = random.Random(1)
    chosen = draw.sample(names, len(names))
    warm, fresh = chosen[:WARM], chosen[WARM:]
    cold: list[float] = []
    others: list[float] = []
    with Caller(system.predictions, family) as caller:
        caller.each(warm)
        for model in fresh[: calls // COLD]:
            cold.append(caller.call(model))
            others += caller.each(draw.choices(warm, k=COLD - 1))
    figures.add("first call, 1 % of the calls", quantiles(cold), "p99 under 5 ms")
    figures.add("the other 99 %", quantiles(others))
