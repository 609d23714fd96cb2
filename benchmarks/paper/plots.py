"""Write the plots of experiments as SVG; equal results give equal bytes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.paper.experiment import Experiment, Found
from benchmarks.plot import COLOURS, STYLE

SIZE = (7.0, 3.2)
"""Inches of a plot."""
OURS, THEIRS = COLOURS[0], COLOURS[1]


def write(item: Experiment, found: Found, path: Path) -> bool:
    """Draw an experiment; return False if it has no plot, or matplotlib is not installed."""
    if item.draw is None or not find_spec("matplotlib"):
        return False
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        item.draw(found, figure)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None})
    return True


def bars(axis: Any, names: Sequence[str], values: Sequence[float], colours: Sequence[str], label: str) -> None:
    """Draw horizontal bars with their numbers, the first one on top."""
    from benchmarks.paper.markdown import number

    places = range(len(names))
    drawn = axis.barh(places, values, color=colours)
    axis.bar_label(drawn, [number(value) for value in values], padding=2)
    axis.set_yticks(places, names)
    axis.invert_yaxis()
    axis.set_xlabel(label)
    axis.margins(x=0.15)
