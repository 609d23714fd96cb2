"""Growth of time and memory with models, rows, dictionaries and trees, and the exponents of the curves."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import pretzel
from benchmarks.paper import peaks, plots, series
from benchmarks.paper.caching import cached, filled
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.markdown import number, table
from benchmarks.paper.workloads import Member, Workload, repeated

MODELS = (1, 2, 5, 10, 20)
"""At most the last are loaded; ``memory`` has the curve of all."""
ROWS = (1, 10, 100, 1000, 10_000)
POINTS_BY_SIZE = {"ten": 3, "small": 4}
"""Numbers of rows that are measured; all at full size."""
ASKED = 100
"""Rows that are asked one by one, where the time of a call is measured."""
STEEPER = 0.1
"""An exponent that is greater than scikit-learn's by as much is stated."""
LEAST_BYTES = 64 << 10
"""Memory below this is that of single pages, and not fitted."""
SIDES = ("Pretzel", "scikit-learn")
UNITS = {"time": ("ms", 1e3), "memory": ("MB", 2.0**-20)}
Point = tuple[float, float, float]
"""A size, and the seconds or bytes of Pretzel and of scikit-learn."""


def measure(context: Context) -> Found:
    """Measure all curves, both sides of each point in turn."""
    curves: list[Found] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, workload in context.workloads.items():
            curves += _by_models(context, workload, Path(folder) / name)
            curves += _by_rows(context, workload, Path(folder))
        for axis, name, make in (("terms", "SA", series.dictionaries), ("trees", "AC", series.forests)):
            if name in context.workloads:
                inside = Path(folder) / axis
                inside.mkdir()
                context.progress(f"growth: models by {axis} are fitted")
                made = list(make(context.workloads[name], inside))
                curves += _by_size(context, axis, context.workloads[name], made, inside / "cache")
    return {"curves": curves} | _concluded(curves)


def _curve(axis: str, workload: str, kind: str, of: str, points: Sequence[Point]) -> Found:
    """Return a curve with the exponents of both sides over it, and between its last two points."""
    least = LEAST_BYTES if kind == "memory" else 0.0
    sides = [[(x, pair[side]) for x, *pair in points if pair[side] > least] for side in (0, 1)]
    return {
        "axis": axis,
        "workload": workload,
        "kind": kind,
        "of": of,
        "points": [list(point) for point in points],
        "exponents": [exponent(side) for side in sides],
        "last_exponents": [exponent(side[-2:]) for side in sides],
    }


def exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """Return the slope of the line of least squares through the logarithms; None for fewer than two points."""
    if len(points) < 2:
        return None
    x, y = np.log(np.asarray(points, dtype=float)).T
    return float(np.polyfit(x, y, 1)[0])


def _by_models(context: Context, workload: Workload, folder: Path) -> list[Found]:
    """Load models one after the other, in a process for each side."""
    members = workload.members[: MODELS[-1]]
    stops = [stop for stop in MODELS if stop <= len(members)]
    sides = _loads(context, members, folder, stops)
    points = {
        "memory": [(float(n), *(sides[i][n]["bytes"] - sides[i][0]["bytes"] for i in (0, 1))) for n in sides[0] if n],
        "time": [(float(n), *(sides[i][n]["seconds"] for i in (0, 1))) for n in sides[0] if n],
    }
    about = {"memory": "all models", "time": "loads of all models"}
    return [_curve("models", workload.name, kind, about[kind], points[kind]) for kind in ("time", "memory")]


def _loads(context: Context, members: Sequence[Member], folder: Path, stops: Sequence[int]) -> list[dict[int, Any]]:
    """Return for each side the bytes and seconds by the number of models, as far as both reached."""
    kept = cached(members, folder, context.progress)
    context.progress(f"growth: {len(members)} models are loaded on both sides")
    plans = {"kind": "pretzel", "folder": str(kept.folder), "items": kept.plans, "stops": stops}
    pickles = {"kind": "library", "items": [str(member.pickle) for member in members], "stops": stops}
    sides = [{int(point["models"]): point for point in filled(wanted)} for wanted in (plans, pickles)]
    return [{count: side[count] for count in sides[0] if count in sides[1]} for side in sides]


def _by_rows(context: Context, workload: Workload, folder: Path) -> list[Found]:
    """Ask a model of the commonest kind with more and more rows."""
    member = _common(workload)
    counts = ROWS[: POINTS_BY_SIZE.get(context.size.name, len(ROWS))]
    predict, times = _predict(member), []
    for count in counts:
        context.progress(f"growth: {workload.name}, {count:,} rows")
        rows = repeated(workload.rows, count)
        times.append((float(count), *_seconds(context, predict, [rows])))
    del predict
    memory = peaks.by_rows(member, workload.rows, counts[1:], folder)  # a single row takes no page
    points = [(float(count), *pair) for count, pair in zip(counts[1:], memory, strict=True)]
    return [
        _curve("rows", workload.name, "time", "one call", times),
        _curve("rows", workload.name, "memory", "one call", points),
    ]


def _common(workload: Workload) -> Member:
    """Return the first member of the commonest parts."""
    parts = [member.parts for member in workload.members]
    return next(member for member in workload.members if member.parts == statistics.mode(parts))


def _by_size(
    context: Context, axis: str, workload: Workload, made: Sequence[tuple[int, Member]], folder: Path
) -> list[Found]:
    """Ask models of each size for one row a call, and take the memory that each adds."""
    members = [_common(workload), *(member for _, member in made)]  # the first load takes more than its model does
    sides = _loads(context, members, folder, list(range(1, len(members) + 1)))
    rows = [workload.rows[i : i + 1] for i in range(min(ASKED, len(workload.rows)))]
    times, memory = [], []
    for index, (count, member) in enumerate(made, 1):
        context.progress(f"growth: {count:,} {axis}")
        times.append((float(count), *(taken / len(rows) for taken in _seconds(context, _predict(member), rows))))
        if index + 1 in sides[0]:
            memory.append((float(count), *(side[index + 1]["bytes"] - side[index]["bytes"] for side in sides)))
    return [
        _curve(axis, workload.name, "time", "one row", times),
        _curve(axis, workload.name, "memory", "one model", memory),
    ]


def _predict(member: Member) -> tuple[Callable[[Any], Any], ...]:
    return pretzel.load(member.definition).predict, member.estimator().predict


def _seconds(context: Context, predict: Sequence[Callable[[Any], Any]], inputs: Sequence[Any]) -> list[float]:
    """Return the seconds in which each side answers all inputs: the median of rounds of both, in turn."""
    least = 0.02 * context.size.seconds
    rounds = [[_repeated(call, inputs, least) for call in predict] for _ in range(1 + context.size.rounds)]
    return [statistics.median(side) for side in zip(*rounds[1:], strict=True)]


def _repeated(call: Callable[[Any], Any], inputs: Sequence[Any], least: float) -> float:
    times, begun = 0, time.perf_counter()
    while (taken := time.perf_counter() - begun) < least or not times:
        for item in inputs:
            call(item)
        times += 1
    return taken / times


def _concluded(curves: Sequence[Found]) -> Found:
    headline, behind = {}, []
    for curve in curves:
        ours, theirs = curve["exponents"]
        named = f"{curve['workload']}, exponent of the {curve['kind']} of {curve['of']} by {curve['axis']}"
        if ours is not None:
            headline[named] = ours
        if ours is not None and theirs is not None and ours > theirs + STEEPER:
            last = curve["points"][-1]
            behind.append(
                f"{named}: ours is {number(ours)}, scikit-learn's {number(theirs)}; at {last[0]:,.0f} it takes "
                f"{number(last[2] / last[1])} times ours."
            )
    return {"headline": headline, "behind": behind}


def as_markdown(found: Found) -> str:
    """Return a table of exponents, and one of the points of each curve."""
    heads = ("by", "workload", "grows", *SIDES, "last two points: Pretzel", "scikit-learn")
    rows = [
        (c["axis"], c["workload"], f"{c['kind']} of {c['of']}", *c["exponents"], *c["last_exponents"])
        for c in found["curves"]
    ]
    parts = [ABOUT, table(heads, rows), *found["behind"]]
    for axis in dict.fromkeys(curve["axis"] for curve in found["curves"]):
        parts.append(_points(axis, [curve for curve in found["curves"] if curve["axis"] == axis]))
    return "\n\n".join(parts)


ABOUT = """\
The exponent is the slope of the line of least squares through the logarithms: 0 is a cost that does not grow, 1 one
that doubles with the size.  A constant part makes the exponent of small sizes less, so that of the last two points is
given too.  A dash is memory below 64 KB.  Dictionaries are the most frequent terms of one of SA; forests are fitted on
rows of AC.  The paper has none."""


def _points(axis: str, curves: Sequence[Mapping[str, Any]]) -> str:
    heads = [axis, "workload", "grows", *SIDES, "times less"]
    rows = []
    for curve in curves:
        unit, factor = UNITS[curve["kind"]]
        for x, ours, theirs in curve["points"]:
            ratio = theirs / ours if ours > 0 < theirs else None
            what = f"{curve['kind']} of {curve['of']}, {unit}"
            rows.append((f"{x:,.0f}", curve["workload"], what, ours * factor, theirs * factor, ratio))
    return table(heads, rows)


def draw(found: Found, figure: Any) -> None:
    """Draw time and memory by each size, with logarithmic axes."""
    names = list(dict.fromkeys(curve["axis"] for curve in found["curves"]))
    figure.set_size_inches(plots.SIZE[0], 1.6 * plots.SIZE[1])
    axes = figure.subplots(2, len(names), squeeze=False)
    for curve in found["curves"]:
        axis = axes[list(UNITS).index(curve["kind"])][names.index(curve["axis"])]
        unit, factor = UNITS[curve["kind"]]
        style = "o-" if curve["workload"] == "SA" else "x--"
        for side, colour in ((1, plots.OURS), (2, plots.THEIRS)):
            points = [(point[0], point[side] * factor) for point in curve["points"] if point[side] > 0]
            label = f"{SIDES[side - 1]}, {curve['workload']}"
            axis.plot(*zip(*points, strict=True), style, ms=3, color=colour, label=label) if points else None
        axis.set(xscale="log", yscale="log", xlabel=curve["axis"], ylabel=f"{curve['kind']}, {unit}")
    axes[0][0].legend(fontsize="xx-small")


EXPERIMENT = Experiment("growth", "Growth of time and memory", measure, as_markdown, draw)
