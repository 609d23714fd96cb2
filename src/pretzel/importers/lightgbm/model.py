"""A LightGBM model as its text file describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pretzel.importers.native import BoosterModel


@dataclass(frozen=True)
class Tree:
    """One tree: inner nodes in arrays; a child below 0 is the bitwise complement of a leaf's number."""

    split_feature: np.ndarray
    threshold: np.ndarray
    decision_type: np.ndarray
    left_child: np.ndarray
    right_child: np.ndarray
    leaf_value: np.ndarray
    cat_boundaries: np.ndarray
    cat_threshold: np.ndarray
    internal_count: np.ndarray
    """Number of training rows that reached each inner node; empty if it is not recorded."""
    leaf_count: np.ndarray


@dataclass(frozen=True)
class Model(BoosterModel):
    """The content of a text file; ``predict`` calls LightGBM itself, which must be installed."""

    stands_for = "lightgbm.Booster"
    _file, _distribution = "a LightGBM file", "lightgbm"

    text: str
    version: str
    objective: str
    """Name of the objective; empty for a custom one, which is not applied to predictions."""
    options: Mapping[str, str]
    """Options after the name, such as ``sigmoid:1``; flags have an empty value."""
    trees_per_iteration: int
    average: bool
    """True if the trees are a random forest, which predicts the mean."""
    feature_names: tuple[str, ...]
    trees: tuple[Tree, ...]
    linear: bool
    """True if the leaves are linear models."""
    categorical: tuple[int, ...]
    """Features that were treated as categories."""
    feature_infos: tuple[str, ...]
    """For each feature ``[least:largest]``, the codes of its categories, or ``none`` if it is constant."""
    pandas_categories: tuple[tuple[Any, ...], ...]
    """The categories of each categorical column of the training DataFrame, in column order."""

    @property
    def written_by(self) -> str:
        """The library and format that wrote the model, for the metadata of a version."""
        return f"lightgbm text {self.version}"

    @property
    def _names(self) -> tuple[str, ...] | None:
        """The names of the features; None if LightGBM generated them."""
        generated = tuple(f"Column_{i}" for i in range(len(self.feature_names)))
        return None if self.feature_names == generated else self.feature_names

    @property
    def n_features_in_(self) -> int:
        """Number of features per row."""
        return len(self.feature_names)

    @property
    def _categorical_columns(self) -> tuple[int, ...]:
        return self.categorical if self.pandas_categories else ()

    @cached_property
    def _booster(self) -> Any:
        return self._library.Booster(model_str=self.text)

    def _predict(self, X: Any, **options: Any) -> Any:
        return self._booster.predict(X, **options)

    def contributions(self, X: Any) -> Any:
        """Return LightGBM's own contributions.

        Raises:
            UnsupportedError: LightGBM is not installed.
        """
        return self.ask(X, pred_contrib=True)
