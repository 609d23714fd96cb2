"""Memory of text models with a large shared dictionary, over the empty system, against their distinct parameters."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pretzel
from benchmarks.scale.calls import Caller
from benchmarks.scale.page import Figures
from benchmarks.scale.processes import MIB, up
from benchmarks.scale.siblings import Family
from pretzel.data_plane.cache.kept import read_catalog

WORKER = ("supervisor", "serving")


def measure(figures: Figures, family: Family, directory: Path, options: argparse.Namespace) -> None:
    """Deploy text models into an empty system, call each, and compare; then restart, and load all from the cache."""
    names = [f"text-{i:03d}" for i in range(options.texts)]
    with up(directory, 4096 * MIB) as system:
        empty = system.pss()
        figures.memory("memory of the empty system", empty)
        with pretzel.ControlPlane(system.control) as plane:
            for i, name in enumerate(names):
                plane.deploy(name, family.sibling(i))
        figures.memory(f"memory after {len(names)} deployments, before a call", system.pss())
        with Caller(system.predictions, family) as caller:
            caller.each(names)
            full = system.pss()
            figures.memory(f"memory with {len(names)} text models called", full)
            distinct = distinct_mib(directory)
            _compare(figures, empty, full, distinct)
            system.restart_worker()
        with Caller(system.predictions, family) as caller:
            start = time.perf_counter()
            caller.each(names)
            figures.add("all loaded from the cache", f"{time.perf_counter() - start:.2f} s", "under 1 s")
        fresh = system.pss()
        figures.memory("memory after the restart of the worker", fresh)
        added = sum(fresh[role] - empty[role] for role in WORKER)
        figures.add("worker over the empty one after the restart", f"{added / distinct:.3f} times", "at most 1.1")


def _compare(figures: Figures, empty: dict[str, float], full: dict[str, float], distinct: float) -> None:
    worker = sum(full[role] - empty[role] for role in WORKER)
    every = sum(full.values()) - sum(empty.values())
    figures.add("distinct parameters of the plans", f"{distinct:.1f} MiB")
    figures.add("worker over the empty one", f"{worker / distinct:.3f} times", "at most 1.1")
    figures.add("all processes over the empty system", f"{every / distinct:.3f} times", "at most 1.25")


def distinct_mib(directory: Path) -> float:
    """Return MiB of the distinct parameters that the plans of a worker map."""
    saved = read_catalog(directory / "worker" / "catalog")
    assert saved is not None
    return sum(digest.size for digest in set().union(*saved[1].values())) / MIB
