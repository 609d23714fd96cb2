"""The parts of a CatBoost model in any file format: features, tables of statistics, trees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretzel.errors import InputError

CTR_TYPES = ("Borders", "Buckets", "BinarizedTargetMeanValue", "FloatTargetMeanValue", "Counter", "FeatureFreq")
MEANS = ("BinarizedTargetMeanValue", "FloatTargetMeanValue")
COUNTERS = ("Counter", "FeatureFreq")
NAN_TREATMENTS = ("AsIs", "AsFalse", "AsTrue")
MAX_DEPTH = 16
MAX_DIMENSION = 2**16


@dataclass(frozen=True, slots=True)
class FloatFeature:
    """A number, compared with borders: ``x > border``."""

    index: int
    """Position among the float features, by which splits of combinations refer to it."""
    flat: int
    """Position among all features: its column of X."""
    name: str
    borders: np.ndarray
    """``f32[n]``."""
    nan_is_true: bool
    """True if NaN is above every border, not below."""

    @property
    def splits(self) -> int:
        """Number of splits that compare it."""
        return len(self.borders)


@dataclass(frozen=True, slots=True)
class CatFeature:
    """A category, identified by the hash of its text."""

    index: int
    flat: int
    name: str


@dataclass(frozen=True, slots=True)
class OneHotFeature:
    """A category compared with single values."""

    category: int
    """Index of the categorical feature."""
    values: np.ndarray
    """``i32[n]``: hashes."""

    @property
    def splits(self) -> int:
        """Number of splits that compare it."""
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Combination:
    """The key of a statistic: categories and results of splits, in hashing order."""

    categories: tuple[int, ...]
    floats: tuple[tuple[int, float], ...]
    """Float feature and border."""
    one_hots: tuple[tuple[int, int], ...]
    """Categorical feature and hash."""


TableKey = tuple[Combination, str, int]
"""Combination, kind of statistic, and the binarization of the target."""


@dataclass(frozen=True, slots=True)
class CtrFeature:
    """A statistic of the target per category, a number compared with borders."""

    table: TableKey
    target_border: int
    prior: float
    prior_denominator: float
    shift: float
    scale: float
    borders: np.ndarray
    """``f32[n]``."""

    @property
    def splits(self) -> int:
        """Number of splits that compare it."""
        return len(self.borders)


@dataclass(frozen=True, slots=True)
class CtrTable:
    """The statistics of each combination in the training data."""

    keys: np.ndarray
    """``i64[n]``: hashes of combinations, ascending."""
    counts: np.ndarray
    """``i32[n, k]``: the number of rows of each class; for a counter or a mean, of all rows."""
    sums: np.ndarray | None
    """``f32[n]``: the sum of the target, for means."""
    denominator: int


@dataclass(frozen=True, slots=True)
class Trees:
    """All trees; a split is the number of a border or category value, counted over all features."""

    dimension: int
    """Number of values per leaf."""
    splits: np.ndarray
    """``i64[n]``: for symmetric trees one per level, lowest bit of the leaf position first; else one per node."""
    sizes: np.ndarray
    """``i64[trees]``: number of splits per tree."""
    leaves: np.ndarray
    """``f64[leaves, dimension]``."""
    steps: np.ndarray | None = None
    """``i64[nodes, 2]``: distance to the left and right child, 0 without a child; None for symmetric trees."""
    leaf_of: np.ndarray | None = None
    """``i64[nodes]``: row of ``leaves`` for leaf nodes."""

    def __post_init__(self) -> None:
        """Check that the sizes of the arrays agree."""
        require(1 <= self.dimension <= MAX_DIMENSION, f"leaves hold {self.dimension} values")
        require(
            bool((self.sizes >= 0).all()) and self.sizes.sum() == len(self.splits), "the sizes of trees do not add up"
        )
        if self.steps is None:
            require(bool((self.sizes <= MAX_DEPTH).all()), f"a symmetric tree is deeper than {MAX_DEPTH}")
            require(int((1 << self.sizes).sum()) == len(self.leaves), "the number of leaves does not match the trees")
            return
        assert self.leaf_of is not None
        require(len(self.steps) == len(self.leaf_of) == len(self.splits), "the nodes of the trees do not add up")
        require(bool((self.sizes > 0).all()), "a tree has no nodes")

    @property
    def starts(self) -> np.ndarray:
        """The first split of each tree."""
        return np.asarray(np.cumsum(self.sizes) - self.sizes)


def require(holds: bool, otherwise: str) -> None:
    """Raise InputError with this message unless ``holds``."""
    if not holds:
        raise InputError(otherwise)
