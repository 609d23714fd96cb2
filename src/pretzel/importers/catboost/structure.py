"""What a CatBoost model is made of, whatever the format of its file: features, tables of statistics, trees."""

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
    """Among the float features; how splits of combinations name it."""
    flat: int
    """Among all features: its column of X."""
    name: str
    borders: np.ndarray
    """``f32[n]``."""
    nan_is_true: bool
    """Whether a NaN is above every border rather than below."""

    @property
    def splits(self) -> int:
        """How many splits compare it."""
        return len(self.borders)


@dataclass(frozen=True, slots=True)
class CatFeature:
    """A category, known by the hash of its text."""

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
        """How many splits compare it."""
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Combination:
    """What a statistic is kept by: categories, and answers to splits, in the order in which they are hashed."""

    categories: tuple[int, ...]
    floats: tuple[tuple[int, float], ...]
    """Float feature and border."""
    one_hots: tuple[tuple[int, int], ...]
    """Categorical feature and hash."""


TableKey = tuple[Combination, str, int]
"""Combination, kind of statistic, and which binarization of the target."""


@dataclass(frozen=True, slots=True)
class CtrFeature:
    """A statistic of the target by category, as a number that is compared with borders."""

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
        """How many splits compare it."""
        return len(self.borders)


@dataclass(frozen=True, slots=True)
class CtrTable:
    """The statistics of each combination that was met."""

    keys: np.ndarray
    """``i64[n]``: hashes of combinations, ascending."""
    counts: np.ndarray
    """``i32[n, k]``: how many rows of each class; of a counter, or a mean, how many in all."""
    sums: np.ndarray | None
    """``f32[n]``: of a mean, the sum of the target."""
    denominator: int


@dataclass(frozen=True, slots=True)
class Trees:
    """All trees; a split is the number of a border, of a value or of a statistic's border, counted through."""

    dimension: int
    """Values of a leaf."""
    splits: np.ndarray
    """``i64[n]``: of a symmetric tree one a level, the lowest bit of the leaf's place first; else one a node."""
    sizes: np.ndarray
    """``i64[trees]``: how many splits each tree has."""
    leaves: np.ndarray
    """``f64[leaves, dimension]``."""
    steps: np.ndarray | None = None
    """``i64[nodes, 2]``: how far on the left and the right child lie, 0 where there is none; None: symmetric trees."""
    leaf_of: np.ndarray | None = None
    """``i64[nodes]``: row of ``leaves`` of the nodes that end."""

    def __post_init__(self) -> None:
        """Refuse what leads out of the arrays."""
        require(1 <= self.dimension <= MAX_DIMENSION, f"leaves of {self.dimension} values")
        require(
            bool((self.sizes >= 0).all()) and self.sizes.sum() == len(self.splits), "the trees' sizes do not add up"
        )
        if self.steps is None:
            require(bool((self.sizes <= MAX_DEPTH).all()), f"a symmetric tree is deeper than {MAX_DEPTH}")
            require(int((1 << self.sizes).sum()) == len(self.leaves), "the number of leaves is not that of the trees")
            return
        assert self.leaf_of is not None
        require(len(self.steps) == len(self.leaf_of) == len(self.splits), "the trees' nodes do not add up")
        require(bool((self.sizes > 0).all()), "a tree has no nodes")

    @property
    def starts(self) -> np.ndarray:
        """Where each tree's splits begin."""
        return np.asarray(np.cumsum(self.sizes) - self.sizes)


def require(holds: bool, otherwise: str) -> None:
    """Raise InputError with what is wrong, unless ``holds``."""
    if not holds:
        raise InputError(otherwise)
