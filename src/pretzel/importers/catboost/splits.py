"""What the splits of a model compare: a column of the matrix that its trees read, with a border or a single value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pretzel.importers.catboost.model import Model
from pretzel.importers.catboost.structure import CtrFeature, FloatFeature, OneHotFeature


@dataclass(frozen=True, slots=True)
class Splits:
    """All splits, counted through in the order of the features."""

    column: np.ndarray
    """``i64[n]``: column of the matrix; -1 where no tree asks."""
    border: np.ndarray
    """``f32[n]``: a row goes on to the right above it."""
    place: np.ndarray
    """``i64[n]``: the place of a single value in its column; -1 where there is a border."""
    nan_is_true: np.ndarray
    """``bool[n]``: whether a NaN is above the border."""


def asked(model: Model) -> list[int]:
    """Return the features that trees ask for, by their number; nodes that end a tree name a split, and do not ask."""
    trees = model.trees
    splits = trees.splits if trees.steps is None else trees.splits[trees.steps.any(axis=1)]
    ends = np.cumsum([feature.splits for feature in model.features])
    return [int(number) for number in np.unique(np.searchsorted(ends, splits, side="right"))]


def splits_of(features: Sequence[FloatFeature | OneHotFeature | CtrFeature], columns: dict[int, int]) -> Splits:
    """Return the splits of all features; ``columns`` says in which column the feature of a number stands."""
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
