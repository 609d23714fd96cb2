"""Time single calls of all models of a workload, of Pretzel and of scikit-learn; runs in a process of its own."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.paper.experiments.apart import Inside
from benchmarks.paper.experiments.plans import Loader, Plans, check_alike, groups
from benchmarks.paper.workloads import Workload

DROPPED, COUNTED = 10, 100
"""Calls of each model, as the paper has them."""
SIDES = ("ours", "theirs")
Predict = Callable[[Any], Any]


@dataclass(frozen=True)
class Hot:
    """The counted calls of a model."""

    calls: list[float]
    """Microseconds of each."""
    processor: float
    """Mean microseconds of processor time, which other programs of the machine do not prolong."""


def first_of_pretzel(inside: Inside, workload: Workload, plans: Plans) -> list[float]:
    """Load all models, then return the microseconds of the first call of each."""
    loader = Loader(plans)
    inside.say(f"{workload.name}: first calls of Pretzel")
    loaded = [loader.load(member.name) for member in workload.members]
    with _frozen():
        return [_once(one.predict, _row(workload, i)) for i, one in enumerate(loaded)]


def first_of_library(inside: Inside, workload: Workload) -> list[float]:
    """Load models as the memory allows, then return the microseconds of the first call of each."""
    taken: list[float] = []
    for part in groups(workload.members):
        inside.say(f"{workload.name}: first calls of scikit-learn, {len(taken)} of {len(workload.members)}")
        estimators = [member.estimator() for member in part]
        with _frozen():
            taken += [_once(one.predict, _row(workload, len(taken) + i)) for i, one in enumerate(estimators)]
    return taken


def hot(inside: Inside, workload: Workload, plans: Plans) -> dict[str, list[Hot]]:
    """Return the counted calls of each model, of both sides.

    The sides take turns: all calls of a model by one side, then by the other, which begins at every second model.
    """
    loader = Loader(plans)
    loaded = {member.name: loader.load(member.name) for member in workload.members}
    found: dict[str, list[Hot]] = {side: [] for side in SIDES}
    for part in groups(workload.members):
        estimators = [member.estimator() for member in part]
        with _frozen():
            for member, estimator in zip(part, estimators, strict=True):
                number = len(found["ours"])
                inside.say(f"{workload.name}: hot calls, {number} of {len(workload.members)}")
                row, ours = _row(workload, number), loaded[member.name].predict
                check_alike(member.name, ours(row), estimator.predict(row))
                sides = [("ours", ours), ("theirs", estimator.predict)]
                for side, predict in sides if number % 2 else sides[::-1]:
                    found[side].append(_many(predict, workload, number))
    return found


def _many(predict: Predict, workload: Workload, number: int) -> Hot:
    """Time calls with different rows; the first ones do not count."""
    rows = [_row(workload, number + i) for i in range(DROPPED + COUNTED)]
    for row in rows[:DROPPED]:
        predict(row)
    begun = time.process_time_ns()
    calls = [_once(predict, row) for row in rows[DROPPED:]]
    return Hot(calls, (time.process_time_ns() - begun) / 1e3 / COUNTED)


@contextmanager
def _frozen() -> Iterator[None]:
    """Leave all objects out of collections, one of which would delay a call of either side by 0.1 s."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _row(workload: Workload, number: int) -> Any:
    at = number % len(workload.rows)
    return workload.rows[at : at + 1]


def _once(predict: Predict, row: Any) -> float:
    begun = time.perf_counter_ns()
    predict(row)
    return (time.perf_counter_ns() - begun) / 1e3
