"""Deployments through PostgreSQL and S3, in turn with those through SQLite and a directory."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from unittest.mock import patch

import pretzel
from benchmarks.scale.page import Figures
from benchmarks.scale.processes import up
from benchmarks.scale.siblings import Family
from tests.helpers.postgresql import Postgresql
from tests.helpers.s3 import KEYS, S3

DEPLOYMENTS, FIRST = 60, 10
"""Deployments of each system, and the number of those that are not counted."""


def measure(figures: Figures, family: Family, directory: Path, budget: int) -> None:
    """Deploy siblings to two systems that run at once, and compare the medians."""
    with ExitStack() as running:
        environments = {"default": {}, "servers": running.enter_context(servers())}
        planes = {}
        for name, environment in environments.items():
            with patch.dict(os.environ, environment):
                system = running.enter_context(up(directory / name, budget))
            planes[name] = running.enter_context(pretzel.ControlPlane(system.control))
        times: dict[str, list[float]] = {name: [] for name in planes}
        for number in range(DEPLOYMENTS):
            definition = family.sibling(number)
            for name, plane in planes.items():
                start = time.perf_counter()
                plane.deploy(f"m{number}", definition)
                times[name].append(time.perf_counter() - start)
    default, other = (statistics.median(times[name][FIRST:]) * 1000 for name in ("default", "servers"))
    figures.add("time per deployment, SQLite and a directory", f"{default:.1f} ms")
    figures.add(
        "time per deployment, PostgreSQL and S3 on the same machine",
        f"{other:.1f} ms, {other / default:.2f} times the other",
        "at most 2 times",
    )


@contextmanager
def servers() -> Iterator[Mapping[str, str]]:
    """Start a database that flushes its disk and an S3 server; yield the environment of a control plane over both."""
    with closing(Postgresql(durable=True)) as database, closing(S3()) as objects:
        catalog = database.url(database.create())
        yield {**KEYS, "PRETZEL_CATALOG": catalog, "PRETZEL_STORE": objects.url()}
