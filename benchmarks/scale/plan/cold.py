"""Cold calls in simulation: a machine keeps the models that were called last, as far as its memory goes."""

from __future__ import annotations

from collections import Counter, OrderedDict

import numpy as np

from benchmarks.scale.plan import assumed
from benchmarks.scale.plan.placement import Placement
from benchmarks.scale.plan.workload import Workload

CALLS = 300_000
"""Simulated calls, after each machine has called all its models once, the most popular ones last."""


class Resident:
    """The models that a machine holds: the parameters of a family once, and evicted by their last call."""

    def __init__(self, work: Workload, room: float) -> None:
        self._work, self._room = work, room
        self._models: OrderedDict[int, int] = OrderedDict()
        self._families: Counter[int] = Counter()
        self.bytes = 0.0

    def call(self, model: int) -> bool:
        """Call a model; return whether it was not loaded."""
        if model in self._models:
            self._models.move_to_end(model)
            return False
        family = int(self._work.family[model])
        self._models[model] = family
        self.bytes += self._work.own_bytes + (0 if self._families[family] else self._work.shared_bytes)
        self._families[family] += 1
        while self.bytes > self._room and len(self._models) > 1:
            self._evict()
        return True

    def _evict(self) -> None:
        _, family = self._models.popitem(last=False)
        self._families[family] -= 1
        self.bytes -= self._work.own_bytes + (0 if self._families[family] else self._work.shared_bytes)


def share(work: Workload, placed: Placement, room: float, calls: int = CALLS) -> float:
    """Return the share of calls that find their model not loaded, on machines with so many bytes for models."""
    held = [_filled(work, placed.models_of(machine), room) for machine in range(placed.machines)]
    draw = np.random.default_rng(assumed.SEED + 2)
    models = draw.choice(work.models, size=calls, p=work.calls)
    at = placed.at[models, draw.integers(placed.at.shape[1], size=calls)]
    at = np.where(placed.everywhere[models], draw.integers(placed.machines, size=calls), at)
    return float(
        np.mean([held[machine].call(model) for model, machine in zip(models.tolist(), at.tolist(), strict=True)])
    )


def everywhere(work: Workload, machines: int, room: float, calls: int = CALLS) -> float:
    """Return the same if any machine may get a call of any model, as without placement."""
    nowhere = np.zeros((work.models, 1), dtype=np.int64)
    return share(work, Placement(machines, nowhere, np.ones(work.models, dtype=bool)), room, calls)


def _filled(work: Workload, models: np.ndarray, room: float) -> Resident:
    resident, most = Resident(work, room), int(room / work.own_bytes)
    for model in models[np.argsort(work.calls[models])[-most:]].tolist():
        resident.call(model)
    return resident
