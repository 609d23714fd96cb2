"""Distributions of scores in fixed bins, and the distance between two of them.

The bins are the same in every process, so that counts of several may be added.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

_UNIT_BINS = 20
_PER_OCTAVE = 4
_LEAST, _MOST = -20, 40
"""Exponents of 2 between which bins on the logarithmic scale are distinguished."""


class Bins(IntEnum):
    """The bins of a distribution, as in the proto; the last bin counts what is not a number."""

    UNIT = 1
    """Equal widths from 0 to 1."""
    SIGNED_LOG = 2
    """Four bins per doubling, on both sides of 0; what is smaller than 2^-20 counts as 0."""


def _signed_log_edges() -> np.ndarray:
    sizes = np.exp2(np.arange(_LEAST * _PER_OCTAVE, _MOST * _PER_OCTAVE + 1) / _PER_OCTAVE)
    return np.concatenate((-sizes[::-1], sizes))


EDGES = {Bins.UNIT: np.linspace(0.0, 1.0, _UNIT_BINS + 1)[1:-1], Bins.SIGNED_LOG: _signed_log_edges()}
"""The inner edges of the bins, ascending; a value on an edge belongs to the bin above it."""
LENGTHS = {kind: len(edges) + 2 for kind, edges in EDGES.items()}
"""The number of bins, with that of NaN."""


def counts_of(values: np.ndarray, bins: Bins) -> np.ndarray:
    """Return how many of some values are in each bin."""
    values = np.asarray(values, np.float64).ravel()
    places = np.where(np.isnan(values), LENGTHS[bins] - 1, np.searchsorted(EDGES[bins], values, side="right"))
    return np.bincount(places, minlength=LENGTHS[bins])


@dataclass(slots=True)
class Distribution:
    """The counts of one column in bins: of the answers that were given, and of those of the shadow."""

    bins: Bins
    given: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    shadow: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        """Start at 0 if no counts are given."""
        for name in ("given", "shadow"):
            counts = np.asarray(getattr(self, name), np.int64)
            length = LENGTHS[self.bins]
            if len(counts) not in (0, length) or (counts < 0).any():
                raise ValueError(f"a distribution of {len(counts)} bins; expected {length} counts from 0")
            setattr(self, name, counts if len(counts) else np.zeros(length, np.int64))

    def add(self, other: Distribution) -> None:
        """Add the counts of another distribution over the same bins."""
        self.given, self.shadow = self.given + other.given, self.shadow + other.shadow

    @property
    def ks(self) -> float:
        """The Kolmogorov-Smirnov distance of the binned values; 0 if one side has none.

        It is at most that of the values themselves.  NaN counts as the largest value.
        """
        if not (self.given.sum() and self.shadow.sum()):
            return 0.0
        apart = np.cumsum(self.given) / self.given.sum() - np.cumsum(self.shadow) / self.shadow.sum()
        return float(np.abs(apart).max())

    @property
    def psi(self) -> float:
        """The population stability index; half a value is added to each bin that only one side has values in."""
        if not (self.given.sum() and self.shadow.sum()):
            return 0.0
        used = (self.given > 0) | (self.shadow > 0)
        given, shadow = (np.maximum(counts[used], 0.5) for counts in (self.given, self.shadow))
        given, shadow = given / given.sum(), shadow / shadow.sum()
        return float(((shadow - given) * np.log(shadow / given)).sum())
