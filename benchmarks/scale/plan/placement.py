"""Places models on machines by three rules, and measures the result in simulation.

*random* draws the machines of each model.  *name hash* takes those with the highest hash of the model and the machine
(rendezvous hashing), so that a machine that joins takes over its share and moves nothing else.  *parameter set* is the
assignment of the control plane: it does so with the family in the place of the model, in pieces of a tenth of a
machine's share, and passes over machines that are full, so that what shares parameters lies together.  The replicas of
a model are in different zones, machine n being in the zone n modulo the number of zones.  Models that are called most
are on all machines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.scale.plan import assumed
from benchmarks.scale.plan.workload import Workload
from pretzel.control_plane.placement.assign import Site, Wish, assign

Rule = Callable[[Workload, int, int], np.ndarray]
"""Returns the machines of each model: a row per model, a column per replica."""


@dataclass(frozen=True)
class Placement:
    """The machines of all models."""

    machines: int
    at: np.ndarray
    """The machines of each model: a row per model, a column per replica."""
    everywhere: np.ndarray
    """Whether a model is called so often that all machines have it."""

    def models_of(self, machine: int) -> np.ndarray:
        """Return the models of a machine."""
        return np.flatnonzero((self.at == machine).any(axis=1) | self.everywhere)

    def loads(self, work: Workload) -> np.ndarray:
        """Return the share of all calls that each machine gets; replicas of a model get the same."""
        return self._loads(work, np.ones_like(self.at, dtype=bool), np.ones(self.machines, dtype=bool))

    def loads_without(self, work: Workload, zone: int) -> np.ndarray:
        """Return the same once the replicas that are left answer for those of a lost zone."""
        return self._loads(work, zone_of(self.at) != zone, zone_of(np.arange(self.machines)) != zone)

    def _loads(self, work: Workload, alive: np.ndarray, machines: np.ndarray) -> np.ndarray:
        calls = np.where(self.everywhere, 0.0, work.calls) / np.maximum(alive.sum(axis=1), 1)
        share = np.where(alive, calls[:, None], 0.0)
        hot = work.calls[self.everywhere].sum() / machines.sum()
        return np.bincount(self.at.ravel(), weights=share.ravel(), minlength=self.machines) + hot * machines


def place(work: Workload, rule: Rule, machines: int, replicas: int) -> Placement:
    """Place models by a rule, and those that are called most on all machines."""
    return Placement(machines, rule(work, machines, replicas), work.calls > assumed.HOT / machines)


def at_random(work: Workload, machines: int, replicas: int) -> np.ndarray:
    """Draw the machines of each model."""
    draw = np.random.default_rng(assumed.SEED + 1)
    return _in_zones(np.argsort(draw.random((work.models, machines)), axis=1), replicas)


def by_name(work: Workload, machines: int, replicas: int) -> np.ndarray:
    """Take the machines with the highest hash of model and machine."""
    scores = _mixed(np.arange(work.models)[:, None], np.arange(machines)[None, :])
    return _in_zones(np.argsort(scores, axis=1)[:, ::-1], replicas)


def by_parameters(work: Workload, machines: int, replicas: int) -> np.ndarray:
    """Assign as the control plane does: by a hash of family and machine, and machines that are full are passed over."""
    names = [f"machine-{machine:04d}" for machine in range(machines)]
    sites = [Site(name, str(zone)) for name, zone in zip(names, zone_of(np.arange(machines)), strict=True)]
    wishes = [Wish(f"{model:07d}", str(family), replicas) for model, family in enumerate(work.family)]
    number = {name: machine for machine, name in enumerate(names)}
    assigned = assign(wishes, sites)
    return np.array([[number[name] for name in assigned[wish.model]] for wish in wishes], dtype=np.int64)


RULES: dict[str, Rule] = {"random": at_random, "name hash": by_name, "parameter set": by_parameters}


@dataclass(frozen=True)
class Outcome:
    """Memory and load of the machines under a placement."""

    mean_bytes: float
    most_bytes: float
    duplication: float
    """Bytes on all machines over the distinct bytes of the models times their replicas."""
    busiest: float
    """Calls of the busiest machine over the mean; a model's calls are divided among its replicas."""
    moved: float
    """Share of the replicas that move when one machine joins."""


def outcome(work: Workload, rule: Rule, machines: int, replicas: int) -> Outcome:
    """Place the models, and measure."""
    placed = place(work, rule, machines, replicas)
    sizes = np.array([work.bytes_of(placed.models_of(machine)) for machine in range(machines)])
    load = placed.loads(work)
    return Outcome(
        mean_bytes=float(sizes.mean()),
        most_bytes=float(sizes.max()),
        duplication=float(sizes.sum() / (work.distinct_bytes * replicas)),
        busiest=float(load.max() / load.mean()),
        moved=_moved(placed.at, rule(work, machines + 1, replicas)),
    )


def zone_of(machines: np.ndarray) -> np.ndarray:
    """Return the zone of each machine."""
    return machines % assumed.ZONES


def _in_zones(ranked: np.ndarray, replicas: int) -> np.ndarray:
    """Return the first machine of each row, then the first in each zone that the row does not have yet."""
    if replicas > assumed.ZONES:
        raise ValueError(f"{replicas} replicas: expected at most one in each of {assumed.ZONES} zones")
    zones = ranked % assumed.ZONES
    columns = [np.zeros(len(ranked), dtype=np.int64)]
    taken = zones[:, :1] == np.arange(assumed.ZONES)
    for _ in range(1, replicas):
        free = ~np.take_along_axis(taken, zones, axis=1)
        columns.append(free.argmax(axis=1))
        taken |= np.take_along_axis(zones, columns[-1][:, None], axis=1) == np.arange(assumed.ZONES)
    return np.stack([np.take_along_axis(ranked, column[:, None], axis=1)[:, 0] for column in columns], axis=1)


def _moved(before: np.ndarray, after: np.ndarray) -> float:
    stays = (before[:, :, None] == after[:, None, :]).any(axis=1)
    return float(1 - stays.mean())


def _mixed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a hash of two numbers (the finalizer of splitmix64)."""
    with np.errstate(over="ignore"):
        x = a.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + b.astype(np.uint64) * np.uint64(0xD1B54A32D192ED03)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
