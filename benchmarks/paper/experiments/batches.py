"""Run batches of rows through some models, of Pretzel and of scikit-learn; runs in a process of its own."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.paper.experiments.apart import Inside
from benchmarks.paper.experiments.plans import Loader, Plans, check_alike
from benchmarks.paper.workloads import Member, repeated

Order = tuple[str, int, float]
"""A side, the rows of a batch, and the seconds to run for."""
Predict = Callable[[Any], Any]


def serve(inside: Inside, members: Sequence[Member], rows: Any, plans: Plans) -> None:
    """Load the models, then follow orders until there is None; answer each with the rows per second."""
    loader = Loader(plans)
    sides: dict[str, list[Predict]] = {"ours": [], "theirs": []}
    for member in members:
        inside.say(f"{member.name} is loaded")
        ours, theirs = loader.load(member.name).predict, member.estimator().predict
        sides["ours"].append(ours)
        sides["theirs"].append(theirs)
        check_alike(member.name, ours(rows), theirs(rows))
    gc.collect()
    gc.freeze()  # a collection would delay calls of either side
    inside.send("ready")
    while (order := inside.receive()) is not None:
        side, size, seconds = order
        inside.send(_rate(sides[side], list(_parts(rows, size)), seconds))


def _parts(rows: Any, size: int) -> Iterator[Any]:
    """Divide rows into batches; repeat them where a batch is larger."""
    if size >= len(rows):
        yield repeated(rows, size)
        return
    for at in range(0, len(rows) - size + 1, size):
        yield rows[at : at + size]


def _rate(models: Sequence[Predict], parts: Sequence[Any], seconds: float) -> float:
    """Return the rows per second of whole passes over the models, each with the next batch."""
    count, begun = 0, time.perf_counter()
    while not count or time.perf_counter() - begun < seconds:
        for predict in models:
            predict(parts[count % len(parts)])
            count += 1
    return count * len(parts[0]) / (time.perf_counter() - begun)
