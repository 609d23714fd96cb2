"""Memory and load time as models are added, each system in a process of its own."""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.paper import plots
from benchmarks.paper.baselines.processes import memory_of
from benchmarks.paper.caching import FILLING, Cached, cached, filled
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.markdown import number, table
from benchmarks.paper.workloads import Workload

STOPS = (1, 2, 5, 10, 25, 50, 100, 150, 200, 250)
PROCESSES = (10, 20)
"""Models of which each has a process; the figure for all is extrapolated."""
FEWEST = 5
"""Times as many models a run has at least, or it does without the processes: each takes seconds to start."""
LOADS = 3
"""Runs of Pretzel's loads; the fastest counts."""
MIB = float(1 << 20)
PAPER = {
    "SA": (
        ("PRETZEL", "4 GB", "37.3 s"),
        ("ML.Net", "300 MB a model, 100 fit", "9 min for 75"),
        ("ML.Net + Clipper", "94 fit", "-"),
    ),
    "AC": (("PRETZEL", "164 MB", "2.8 s"), ("ML.Net", "4 GB", "270 s"), ("ML.Net + Clipper", "10 GB", "-")),
}
Point = dict[str, float]


def measure(context: Context) -> Found:
    """Add the models of each workload, in the same order on both sides."""
    found: Found = {"headline": {}, "targets": {}, "extrapolated": [], "behind": []}
    for name, workload in context.workloads.items():
        one = _measured(context, workload)
        found[name] = one
        _conclude(found, name, one)
    return found


def _measured(context: Context, workload: Workload) -> Found:
    stops = [stop for stop in STOPS if stop < len(workload.members)] + [len(workload.members)]
    with tempfile.TemporaryDirectory() as folder:
        kept = cached(workload.members, Path(folder), context.progress)
        ours = _fastest(context, workload.name, kept, stops)
    pickles = [str(member.pickle) for member in workload.members]
    context.progress(f"{workload.name}: scikit-learn loads {len(pickles)} pickles")
    theirs = filled({"kind": "library", "items": pickles, "stops": stops})
    return {
        "models": len(pickles),
        "ours": ours,
        "theirs": theirs,
        "processes": _a_process_each(context, pickles),
        "distinct_bytes": kept.distinct_bytes,
        "copied_bytes": kept.copied_bytes,
        "compile_ms": 1e3 * statistics.median(kept.compile_seconds),
    }


def _fastest(context: Context, name: str, kept: Cached, stops: Sequence[int]) -> list[Point]:
    """Return the points of the run whose loads took the least time."""
    runs = []
    for run in range(LOADS):
        context.progress(f"{name}: Pretzel loads {len(kept.plans)} plans, run {run + 1} of {LOADS}")
        runs.append(filled({"kind": "pretzel", "folder": str(kept.folder), "items": kept.plans, "stops": stops}))
    return min(runs, key=lambda points: points[-1]["seconds"])


def _a_process_each(context: Context, pickles: Sequence[str]) -> list[Point]:
    """Return the memory of processes that hold a model each, at two numbers of them."""
    counts = [count for count in PROCESSES if count * FEWEST <= context.size.models]
    found, running = [], []
    with contextlib.ExitStack() as stack:
        for count in counts:
            context.progress(f"{count} processes load a pickle each")
            added = count - len(running)
            running += [stack.enter_context(_holding(pickle)) for pickle in pickles[len(running) : count]]
            for process in running[-added:]:
                assert process.stdout
                for _ in range(2):  # a line before the model, and one with it
                    process.stdout.readline()
            found.append({"models": count, "bytes": float(sum(memory_of(process.pid) for process in running))})
    return found


@contextlib.contextmanager
def _holding(pickle: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process that loads a model and holds it until the block ends."""
    wanted = json.dumps({"kind": "library", "items": [pickle], "stops": [1], "wait": True})
    command = [sys.executable, "-P", str(FILLING)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        try:
            process.stdin.write(wanted + "\n")
            process.stdin.flush()
            yield process
        finally:
            process.kill()


def at_all(points: Sequence[Point], models: int) -> tuple[Point, bool]:
    """Return the point of all models, and True if it is extrapolated from the last models that were added."""
    last = points[-1]
    if last["models"] >= models:
        return last, False
    first = points[len(points) // 2 - 1] if len(points) > 2 else points[0]
    more = (models - last["models"]) / (last["models"] - first["models"])
    grown = {key: last[key] + more * (last[key] - first[key]) for key in last if key in first}
    return grown | {"models": models}, True


def _conclude(found: Found, name: str, one: Found) -> None:
    models = one["models"]
    ours, theirs = one["ours"][-1], one["theirs"]
    (all_theirs, extrapolated) = at_all(theirs, models)
    ratio = all_theirs["bytes"] / ours["bytes"]
    over = (all_theirs["bytes"] - theirs[0]["bytes"]) / (ours["bytes"] - one["ours"][0]["bytes"])
    one["ratio"], one["ratio_over_empty"], one["is_extrapolated"] = ratio, over, extrapolated
    found["headline"] |= {
        f"{name}, memory of {models} models, MB": ours["bytes"] / MIB,
        f"{name}, memory of scikit-learn, MB": all_theirs["bytes"] / MIB,
        f"{name}, load of {models} models, s": ours["seconds"],
        f"{name}, compilation of a model, ms": one["compile_ms"],
    }
    found["targets"] |= {f"{name} memory": ratio, f"{name} load seconds": ours["seconds"]}
    if extrapolated:
        found["extrapolated"].append(
            f"{name}: scikit-learn's memory of {models} models, from the growth up to {int(theirs[-1]['models'])}."
        )
    if one["processes"]:
        last = at_all([{"models": 0, "bytes": 0.0}, *one["processes"]], models)[0]
        one["all_processes"] = last["bytes"]
        found["headline"][f"{name}, memory of a process for each model, MB"] = last["bytes"] / MIB
        found["extrapolated"].append(f"{name}: the memory of {models} processes, from that of {PROCESSES[-1]} at most.")


def as_markdown(found: Found) -> str:
    """Return a table of memory and load times for each workload, and one of the paper's."""
    return "\n\n".join([ABOUT, *(part for name in PAPER if name in found for part in _section(name, found[name]))])


ABOUT = """\
Each system loads the models one after the other in a process of its own: Pretzel plans and objects from a worker's
cache, scikit-learn the pickle of each model.  Memory is the proportional set of the whole process, interpreter and
libraries included, after every page of Pretzel's mapped parameters was read: models that are not called take less."""


def _section(name: str, one: Found) -> list[str]:
    theirs = {int(point["models"]): point for point in one["theirs"]}
    rows = [
        (
            f"{int(point['models'])}",
            point["bytes"] / MIB,
            theirs[int(point["models"])]["bytes"] / MIB if int(point["models"]) in theirs else None,
            point["seconds"],
            theirs[int(point["models"])]["seconds"] if int(point["models"]) in theirs else None,
        )
        for point in one["ours"]
    ]
    heads = ("models", "Pretzel, MB", "scikit-learn, MB", "Pretzel loads, s", "scikit-learn loads, s")
    parts = [f"### {name}", table(heads, rows), table(("the paper, 250 models", "memory", "load"), PAPER[name])]
    return [*parts, "\n".join(f"- {line}" for line in _said(name, one))]


def _said(name: str, one: Found) -> Iterator[str]:
    mark = " (extrapolated)" if one["is_extrapolated"] else ""
    yield (
        f"With {one['models']} models scikit-learn takes {number(one['ratio'])} times the memory{mark}; "
        f"over the empty processes, {number(one['ratio_over_empty'])} times."
    )
    copied, distinct = one["copied_bytes"] / MIB, one["distinct_bytes"] / MIB
    yield (
        f"The plans have {number(copied)} MB of parameters, {number(distinct)} MB of them distinct: "
        f"sharing makes {number(copied / distinct)} times less, the flat form of dictionaries and trees the rest."
    )
    if "all_processes" in one:
        few = one["processes"][-1]
        yield (
            f"A process for each model: {number(few['bytes'] / MIB)} MB for {int(few['models'])}, "
            f"{number(one['all_processes'] / MIB)} MB for all (extrapolated)."
        )
    yield f"Compiling a model takes {number(one['compile_ms'])} ms (median); a worker never compiles."


def draw(found: Found, figure: Any) -> None:
    """Draw memory by models for each workload."""
    names = [name for name in PAPER if name in found]
    for axis, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for side, colour, label in (("ours", plots.OURS, "Pretzel"), ("theirs", plots.THEIRS, "scikit-learn")):
            points = found[name][side]
            axis.plot(
                [p["models"] for p in points], [p["bytes"] / MIB for p in points], "o-", ms=3, color=colour, label=label
            )
        axis.set(title=name, xlabel="models", ylabel="MB", yscale="log")
        axis.legend()


EXPERIMENT = Experiment("memory", "Memory and load time as models are added", measure, as_markdown, draw)
