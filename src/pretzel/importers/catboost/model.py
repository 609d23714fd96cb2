"""A CatBoost model as its files hold it, whatever the format: features, tables of statistics, trees."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from pretzel.errors import InputError

CTR_TYPES = ("Borders", "Buckets", "BinarizedTargetMeanValue", "FloatTargetMeanValue", "Counter", "FeatureFreq")
MEANS = ("BinarizedTargetMeanValue", "FloatTargetMeanValue")
COUNTERS = ("Counter", "FeatureFreq")
NAN_TREATMENTS = ("AsIs", "AsFalse", "AsTrue")
MAX_DEPTH = 16
MAX_DIMENSION = 2**16
MULTICLASS = ("MultiClass", "MultiClassOneVsAll")
MULTILABEL = ("MultiLogloss", "MultiCrossEntropy")
CLASSIFICATION = ("Logloss", "CrossEntropy", "Focal", *MULTICLASS, *MULTILABEL)
LABEL_TYPES = {"Integer": np.int64, "Float": np.float64, "Boolean": np.bool_, "String": np.object_}


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


@dataclass(frozen=True)
class Model:
    """One model; :mod:`pretzel.importers.catboost.native` imports it like an estimator."""

    floats: tuple[FloatFeature, ...]
    categories: tuple[CatFeature, ...]
    one_hots: tuple[OneHotFeature, ...]
    ctrs: tuple[CtrFeature, ...]
    tables: dict[TableKey, CtrTable]
    trees: Trees
    scale: float
    bias: tuple[float, ...]
    info: dict[str, Any]
    """What was recorded about the training: ``params``, ``class_params``, ..."""
    estimated: str = ""
    """The option that gave the model features which no tables describe: ``text_features``, ``embedding_features``."""
    others: dict[int, str] = field(default_factory=dict)
    """Column and name of the features of other kinds, which no tree reads."""

    def __post_init__(self) -> None:
        """Refuse what leads out of the features."""
        require(len(self.bias) in (1, self.trees.dimension), f"{len(self.bias)} biases")
        splits = self.trees.splits
        if len(splits) and not self.estimated:
            count = sum(feature.splits for feature in self.features)
            require(0 <= splits.min() <= splits.max() < max(1, count), "a split is not there")
        for one_hot in self.one_hots:
            require(len(np.unique(one_hot.values)) == one_hot.splits, "a single value stands twice")
        require(bool(self.columns), "it reads no columns")
        for taken in (
            [feature.flat for feature in self.columns],
            [feature.index for feature in self.floats],
            [feature.index for feature in self.categories],
        ):
            require(len({*taken}) == len(taken) and min(taken, default=0) >= 0, "two features have one number")
        for ctr in self.ctrs:
            require(ctr.table in self.tables, f"the table of a {ctr.table[1]} is not there")

    @cached_property
    def features(self) -> list[FloatFeature | OneHotFeature | CtrFeature]:
        """What splits compare, in the order in which they are counted through."""
        return [*self.floats, *self.one_hots, *self.ctrs]

    @property
    def columns(self) -> list[FloatFeature | CatFeature]:
        """The features that are columns of X."""
        return [*self.floats, *self.categories]

    @property
    def names(self) -> list[str]:
        """The name of each column of X; its number where it has none."""
        known = {feature.flat: feature.name for feature in self.columns} | self.others
        width = max(known, default=-1) + 1
        require(width <= 2 * len(known) + 64, "the features' columns are not those of a matrix")
        return [known.get(column, "") or str(column) for column in range(width)]

    @property
    def loss(self) -> str:
        """Name of the loss function, empty where the model does not say."""
        loss = _entry(_entry(self.info, "params"), "loss_function").get("type", "")
        return loss if isinstance(loss, str) else ""

    @property
    def classes_(self) -> np.ndarray | None:
        """The labels, in the type that CatBoost gives them; None where the model tells no classes apart."""
        about = self.about_classes
        if not about and self.loss not in CLASSIFICATION:
            return None
        names = about.get("class_names")
        if not names:
            return np.array(self._numbered(about), np.int64)
        kind = about.get("class_label_type")
        require(kind != "String" or all(isinstance(name, str) for name in names), f"its labels are {names!r:.60}")
        try:
            return np.array(names, LABEL_TYPES[str(kind)])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise InputError(f"its labels are {names!r:.60} of type {kind!r:.20}") from None

    @staticmethod
    def _numbered(about: dict[str, Any]) -> list[int]:
        """Return the labels of classes without names: numbers from 0, or those that were met."""
        count, met = about.get("classes_count") or 0, about.get("class_to_label") or [0, 1]
        whole = isinstance(count, int) and 0 <= count <= MAX_DIMENSION and all(isinstance(one, int) for one in met)
        require(whole, f"its classes are {count!r:.20}: {met!r:.60}")
        return list(range(count)) if count else list(met)

    @property
    def about_classes(self) -> dict[str, Any]:
        """What was recorded of the classes: ``class_names``, ``class_label_type``, ``class_to_label``."""
        return _entry(self.info, "class_params")

    @property
    def written_by(self) -> str:
        """The library, for the description of a version."""
        return "catboost"


def _entry(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def require(holds: bool, otherwise: str) -> None:
    """Raise InputError with what is wrong, unless ``holds``."""
    if not holds:
        raise InputError(otherwise)
