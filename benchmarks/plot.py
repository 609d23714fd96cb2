"""Plot a kernel family: microseconds per row by rows per call on logarithmic axes, one small plot per case."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import Row

ACROSS = 4
OURS = "Pretzel"
COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
STYLE = {"svg.hashsalt": "pretzel", "svg.fonttype": "none", "font.size": 8, "axes.titlesize": 8}
"""The salt makes plots of equal results equal bytes."""


def draw(rows: Sequence[Row], path: Path) -> None:
    """Write one SVG with a small plot per case: one line per side, and a dotted floor."""
    import matplotlib
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(row.name for row in rows))
    across = max(1, min(ACROSS, len(names)))
    down = max(1, math.ceil(len(names) / across))
    colours = _colours(rows)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(3.0 * across, 2.5 * down + 0.5), layout="constrained")
        axes = figure.subplots(down, across, squeeze=False).ravel()
        for axis, name in zip(axes, names, strict=False):
            _case(axis, name, [row for row in rows if row.name == name], colours)
        for axis in axes[len(names) :]:
            axis.set_axis_off()
        figure.legend(handles=_keys(colours), loc="outside lower center", ncols=len(colours) + 1, frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None})


def _colours(rows: Sequence[Row]) -> dict[str, str]:
    sides = [OURS, *dict.fromkeys(row.rival for row in rows)]
    return {side: COLOURS[i % len(COLOURS)] for i, side in enumerate(sides)}


def _case(axis: Any, name: str, rows: Sequence[Row], colours: dict[str, str]) -> None:
    for rival in dict.fromkeys(row.rival for row in rows):
        _line(axis, {row.rows: row.theirs_us for row in rows if row.rival == rival}, color=colours[rival])
    _line(axis, {row.rows: row.ours_us for row in reversed(rows)}, color=colours[OURS], linewidth=2)
    floors = {row.rows: row.floor_us for row in rows if row.floor_us}
    axis.plot(sorted(floors), [floors[n] for n in sorted(floors)], ":", color="black")
    axis.set(xscale="log", yscale="log", xlabel="rows per call", ylabel="us per row")
    axis.set_title(textwrap.fill(name, 44))
    axis.minorticks_off()
    axis.grid(alpha=0.3)


def _line(axis: Any, points: dict[int, float], **style: Any) -> None:
    sizes = sorted(points)
    axis.plot(sizes, [points[n] for n in sizes], marker="o", markersize=3, **style)


def _keys(colours: dict[str, str]) -> list[Any]:
    from matplotlib.lines import Line2D

    floor = Line2D([], [], color="black", linestyle=":", label="floor")
    return [*(Line2D([], [], color=colour, marker="o", label=side) for side, colour in colours.items()), floor]
