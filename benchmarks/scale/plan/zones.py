"""The loss of a zone: capacity, models without a replica, and the time until lost replicas are back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.scale.plan import assumed
from benchmarks.scale.plan.measured import Measured
from benchmarks.scale.plan.placement import Placement, zone_of
from benchmarks.scale.plan.workload import Workload


@dataclass(frozen=True)
class Loss:
    """The worst zone is lost."""

    capacity: float
    """Share of the machines that is left."""
    orphans: float
    """Share of the models that have no replica left, until others took them over."""
    orphaned_calls: float
    """Share of the calls that go to those."""
    use: float
    """Use of the busiest machine that is left, where that of the mean machine was the planned one before."""
    seconds: float
    """Time until the machines that are left have fetched and loaded what was lost, in proportion to their number."""


def lose(work: Workload, placed: Placement, measured: Measured) -> Loss:
    """Return what the loss of the zone with the most calls does."""
    zones = zone_of(np.arange(placed.machines))
    worst = int(np.bincount(zones, weights=placed.loads(work)).argmax())
    lost = (zone_of(placed.at) == worst) & ~placed.everywhere[:, None]
    orphans = lost.all(axis=1)
    left = int((zones != worst).sum())
    return Loss(
        capacity=left / placed.machines,
        orphans=float(orphans.mean()),
        orphaned_calls=float(work.calls[orphans].sum()),
        use=assumed.USE * float(placed.loads_without(work, worst).max()) * placed.machines,
        seconds=_seconds(work, np.flatnonzero(lost.any(axis=1)), left, measured),
    )


def _seconds(work: Workload, models: np.ndarray, left: int, measured: Measured) -> float:
    fetched = work.bytes_of(models) / left / assumed.NETWORK_BYTES
    loaded = len(models) / left * measured.load_seconds / assumed.CORES
    return float(fetched + loaded)


def replicas_of_hottest(work: Workload, calls: float, machine: float) -> list[tuple[int, float, int]]:
    """Return rank, calls a second, and the least replicas of some models.

    Each has two, in different zones, or as many as bear its calls while a zone is lost.
    """
    ranked = np.sort(work.calls)[::-1]
    ranks = [rank for rank in (1, 2, 3, 10, 100, 1000, 10_000) if rank <= work.models]
    return [
        (rank, float(calls * ranked[rank - 1]), least_replicas(calls * ranked[rank - 1], machine)) for rank in ranks
    ]


def least_replicas(calls: float, machine: float) -> int:
    """Return the least replicas that bear the calls of a model after a zone is lost, spread evenly over zones."""
    wanted = int(np.ceil(calls / machine))
    count = max(2, wanted)
    while count - int(np.ceil(count / assumed.ZONES)) < wanted:
        count += 1
    return count
