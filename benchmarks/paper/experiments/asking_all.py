"""Ask all sibling models about one text, in four ways; runs in a process of its own."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.paper.experiments.apart import Inside
from benchmarks.paper.experiments.plans import OUTPUT, Loader, Plans, as_array, check_alike
from benchmarks.paper.experiments.siblings import families
from benchmarks.paper.workloads import Member, Workload

COUNTS = (1, 2, 5, 10, 25, 50, 100, 250)
TEXTS = 5
"""Texts of a round."""
OURS, SINGLE, BY_HAND, THEIRS = "fanned out", "one call a model", "featurized once by hand", "scikit-learn"
ALL = "all models"
Ask = Callable[[Any], list[np.ndarray]]
Heads = list[tuple[Any, list[Any]]]
"""Featurizers of the library, each with the heads behind it."""


def ask(inside: Inside, workload: Workload, plans: Plans, rounds: int) -> dict[str, Any]:
    """Return the microseconds of a text for the first siblings of the largest family, and for all models."""
    rows = [workload.rows[i : i + 1] for i in range(min(TEXTS, len(workload.rows)))]
    theirs, heads = _library(inside, workload, rows)
    groups, loader = families(workload.members), Loader(plans)
    largest, lines = next(iter(groups.values())), []
    counts = [count for count in COUNTS if count < len(largest)] + [len(largest)]
    for members in [*(largest[:count] for count in counts), list(workload.members)]:
        inside.say(f"one text to {len(members)} models")
        hand = [(first, [heads[m.name][1] for m in part]) for first, part in _parts(members, heads)]
        times = _times(_ways(loader, members, hand), rows, rounds)
        lines.append({"models": len(members), **times, THEIRS: sum(theirs[member.name] for member in members)})
    return {"siblings": lines[:-1], ALL: lines[-1], "families": len(groups)}


def _library(inside: Inside, workload: Workload, rows: Sequence[Any]) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the microseconds of each pipeline of the library, and its featurizers and head.

    Pipelines are unpickled one by one: all may not fit into memory.  Siblings keep the featurizers of the first.
    """
    times: dict[str, float] = {}
    found: dict[str, tuple[Any, Any]] = {}
    first: dict[tuple[str, ...], Any] = {}
    for member in workload.members:
        inside.say(f"scikit-learn, {len(times)} of {len(workload.members)}")
        estimator = member.estimator()
        estimator.predict(rows[0])
        times[member.name] = statistics.median(_once(estimator.predict, row) for row in rows)
        steps = first.setdefault(member.parts, estimator[:-1])
        found[member.name] = steps, estimator[-1]
    return times, found


def _parts(members: Sequence[Member], heads: Mapping[str, Any]) -> list[tuple[Any, list[Member]]]:
    return [(heads[part[0].name][0], part) for part in families(members).values()]


def _ways(loader: Loader, members: Sequence[Member], hand: Heads) -> dict[str, Ask]:
    """Return the ways to ask these models, and check that they agree."""
    ordered = [member for part in families(members).values() for member in part]
    joint, names = loader.joint([m.name for m in ordered]), [f"{i}/{OUTPUT}" for i in range(len(ordered))]
    (column,) = (item.name for item in joint.inputs)
    loaded = [loader.load(member.name) for member in ordered]

    def fanned_out(row: Any) -> list[np.ndarray]:
        return list(map(as_array, joint.run({column: row}, names).values()))

    def by_hand(row: Any) -> list[np.ndarray]:
        return [head.predict(x) for steps, heads in hand for x in (steps.transform(row),) for head in heads]

    return {OURS: fanned_out, SINGLE: lambda row: [one.predict(row) for one in loaded], BY_HAND: by_hand}


def _times(ways: Mapping[str, Ask], rows: Sequence[Any], rounds: int) -> dict[str, float]:
    """Return the microseconds of a text: the ways take turns in each round; medians."""
    for answers in zip(*(way(rows[0]) for way in ways.values()), strict=True):
        for other in answers[:-1]:
            check_alike("fan-out", other, answers[-1])
    gc.collect()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            taken[name] += [_once(way, row) for row in rows]
    return {name: statistics.median(values) for name, values in taken.items()}


def _once(call: Callable[[Any], Any], row: Any) -> float:
    begun = time.perf_counter_ns()
    call(row)
    return (time.perf_counter_ns() - begun) / 1e3
