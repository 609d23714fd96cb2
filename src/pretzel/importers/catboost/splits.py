"""The splits of a model: each compares a column of the matrix with a border or with a category value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pretzel.importers.catboost.model import Model
from pretzel.importers.catboost.structure import CtrFeature, FloatFeature, OneHotFeature


@dataclass(frozen=True, slots=True)
class Splits:
    """All splits, numbered in the order of the features."""

    column: np.ndarray
    """``i64[n]``: column of the matrix; -1 if no tree reads it."""
    border: np.ndarray
    """``f32[n]``: a row above it goes right."""
    place: np.ndarray
    """``i64[n]``: the code of the category value in its column; -1 for splits with a border."""
    nan_is_true: np.ndarray
    """``bool[n]``: True if NaN is above the border."""


def asked(model: Model) -> list[int]:
    """Return the numbers of the features that trees read; leaf nodes also name a split, but do not read it."""
    trees = model.trees
    splits = trees.splits if trees.steps is None else trees.splits[trees.steps.any(axis=1)]
    ends = np.cumsum([feature.splits for feature in model.features])
    return [int(number) for number in np.unique(np.searchsorted(ends, splits, side="right"))]


def splits_of(features: Sequence[FloatFeature | OneHotFeature | CtrFeature], columns: dict[int, int]) -> Splits:
    """Return the splits of all features; ``columns`` maps the number of a feature to its column."""
    sizes = [feature.splits for feature in features]
    place = [np.where(isinstance(f, OneHotFeature), np.arange(f.splits), -1) for f in features]
    border = [np.zeros(f.splits, np.float32) if isinstance(f, OneHotFeature) else f.borders for f in features]
    nan_is_true = [isinstance(f, FloatFeature) and f.nan_is_true for f in features]
    return Splits(
        column=np.repeat([columns.get(number, -1) for number in range(len(features))], sizes),
        border=np.concatenate([np.empty(0, np.float32), *border]),
        place=np.concatenate([np.empty(0, np.int64), *place]),
        nan_is_true=np.repeat(np.array(nan_is_true, bool), sizes),
    )
