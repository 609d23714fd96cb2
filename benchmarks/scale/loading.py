"""Loads and unloads under a small budget: the memory of the serving process must not grow."""

from __future__ import annotations

import argparse
from pathlib import Path

import pretzel
from benchmarks.scale.calls import Caller, quantiles
from benchmarks.scale.page import Figures
from benchmarks.scale.processes import Up, up
from benchmarks.scale.siblings import Family

MODELS = 120
BUDGET = 2 << 20
WARM_UP = 3
"""Rounds over all models before the first measurement."""


def measure(figures: Figures, family: Family, directory: Path, options: argparse.Namespace) -> None:
    """Call models in turn, of which the budget holds a part, so that each call loads one and unloads another."""
    names = [f"turn-{i:03d}" for i in range(MODELS)]
    with up(directory, BUDGET) as system:
        with pretzel.ControlPlane(system.control) as plane:
            for i, name in enumerate(names):
                plane.deploy(name, family.sibling(i))
        with Caller(system.predictions, family) as caller:
            caller.each(names * WARM_UP)
            before = _serving(system)
            seconds = caller.each(names[i % MODELS] for i in range(options.cycles))
            after = _serving(system)
    figures.add(f"{options.cycles:,} loads and unloads", quantiles(seconds))
    growth = after / before - 1
    figures.add("memory of the serving process", f"{before:.1f} MiB, then {after:.1f} ({growth:+.1%})", "within 5 %")


def _serving(system: Up) -> float:
    return system.pss()["serving"]
