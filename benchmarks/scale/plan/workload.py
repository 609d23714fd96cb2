"""The models of the example: which family each is of, and how often each is called."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.scale.plan import assumed
from benchmarks.scale.plan.machines import own_of_machine
from benchmarks.scale.plan.measured import Measured


@dataclass(frozen=True)
class Workload:
    """Models by number."""

    family: np.ndarray
    """The family of each model: its set of shared parameters."""
    calls: np.ndarray
    """The share of all calls that each model gets."""
    shared_bytes: float
    own_bytes: float

    @property
    def models(self) -> int:
        return len(self.family)

    @property
    def families(self) -> int:
        return int(self.family.max()) + 1

    @property
    def distinct_bytes(self) -> float:
        """Return the bytes of all models on one machine, parameters once."""
        return self.bytes_of(np.arange(self.models))

    def bytes_of(self, models: np.ndarray) -> float:
        """Return the bytes of some models on one machine, parameters once."""
        return len(models) * self.own_bytes + len(np.unique(self.family[models])) * self.shared_bytes


def zipf(count: int, exponent: float) -> np.ndarray:
    """Return shares that fall as a power of the rank, and add up to 1."""
    weights = np.arange(1, count + 1) ** -exponent
    return weights / weights.sum()


def example(measured: Measured, models: int = assumed.MODELS, families: int = assumed.FAMILIES) -> Workload:
    """Return the example: large and small families, and popular models in any of them."""
    draw = np.random.default_rng(assumed.SEED)
    some = draw.choice(families, size=models - families, p=zipf(families, 1.0))
    family = draw.permutation(np.concatenate([np.arange(families), some]))
    calls = draw.permutation(zipf(models, assumed.POPULARITY))
    return Workload(family, calls, measured.shared_bytes, own_of_machine(measured))
