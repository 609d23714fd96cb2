"""An XGBoost model as its document describes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from pretzel.importers.native import BoosterModel


@dataclass(frozen=True)
class Tree:
    """One tree: nodes in arrays, -1 for the left child of a leaf."""

    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    """``f32[nodes]``; at leaves their value, if it is a single number."""
    default_left: np.ndarray
    leaves: np.ndarray
    """``f32[nodes]`` or ``f32[nodes, k]``."""
    categories: Mapping[int, np.ndarray]
    """For each categorical node, the categories that go right."""
    cover: np.ndarray | None = None
    """``f32[nodes]``: the sum of second derivatives over the training rows of each node; None if not recorded."""


@dataclass(frozen=True)
class Model(BoosterModel):
    """The content of a file; ``predict`` calls XGBoost itself, which must be installed."""

    stands_for = "xgboost.Booster"
    _file, _distribution = "an XGBoost file", "xgboost-cpu"

    data: bytes
    version: tuple[int, ...]
    objective: str
    outputs: int
    """Scores per row: classes, targets or quantiles."""
    base_score: np.ndarray
    """``f32[outputs]``, in the scale of predictions, not of scores."""
    features: int
    feature_names: tuple[str, ...]
    categorical: frozenset[int]
    """Features that are categories."""
    categories: Mapping[int, tuple[Any, ...]]
    """For each categorical column of the training DataFrame: its categories, in the order of their codes."""
    trees: tuple[Tree, ...] = ()
    group: tuple[int, ...] = ()
    """The score that each tree adds to."""
    rounds: tuple[int, ...] = (0,)
    """The first tree of each round, then the number of trees."""
    weights: np.ndarray | None = None
    """``f32[trees]``: the weights of the trees of DART; None for other boosters."""
    coefficients: np.ndarray | None = None
    """``f32[features + 1, outputs]`` of a linear model, with the bias last; None for trees."""
    best_iteration: int | None = None

    @property
    def written_by(self) -> str:
        """The library and version that wrote the model, for the metadata of a version."""
        return f"xgboost {'.'.join(map(str, self.version))}"

    @property
    def _names(self) -> tuple[str, ...] | None:
        return self.feature_names or None

    @property
    def n_features_in_(self) -> int:
        """Number of features per row."""
        return self.features

    def until(self, iteration: int | None) -> Model:
        """Return the model with the rounds up to and including this one; with all rounds for None."""
        if iteration is None or self.coefficients is not None:
            return self
        end = self.rounds[min(iteration + 1, len(self.rounds) - 1)]
        return replace(self, trees=self.trees[:end], group=self.group[:end])

    @property
    def _categorical_columns(self) -> Collection[int]:
        return self.categories

    @cached_property
    def _booster(self) -> Any:
        return self._library.Booster(model_file=bytearray(self.data))

    def _predict(self, X: Any, **options: Any) -> Any:
        return self._booster.predict(self._library.DMatrix(X, enable_categorical=True), **options)

    def contributions(self, X: Any) -> Any:
        """Return XGBoost's own contributions.

        Raises:
            UnsupportedError: XGBoost is not installed.
        """
        return self.ask(X, pred_contribs=True)

    def interactions(self, X: Any) -> Any:
        """Return XGBoost's own interactions.

        Raises:
            UnsupportedError: XGBoost is not installed.
        """
        return self.ask(X, pred_interactions=True)
