"""An XGBoost model as its own document tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from pretzel.errors import UnsupportedError


@dataclass(frozen=True)
class Tree:
    """One tree: nodes in arrays, -1 for the left child of a leaf."""

    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    """``f32[nodes]``; at leaves their value, where that is a single one."""
    default_left: np.ndarray
    leaves: np.ndarray
    """``f32[nodes]`` or ``f32[nodes, k]``."""
    categories: Mapping[int, np.ndarray]
    """For each node that asks for a category, those that go right."""
    cover: np.ndarray | None = None
    """``f32[nodes]``: the sum of second derivatives over the training rows of each node, where it is recorded."""


@dataclass(frozen=True)
class Model:
    """What a file holds; ``predict`` answers by XGBoost itself, where it is installed."""

    stands_for: ClassVar = "xgboost.Booster"

    data: bytes
    version: tuple[int, ...]
    objective: str
    outputs: int
    """Scores a row: classes, targets or quantiles."""
    base_score: np.ndarray
    """``f32[outputs]``, as an answer, not as a score."""
    features: int
    feature_names: tuple[str, ...]
    categorical: frozenset[int]
    """The features that are categories."""
    categories: Mapping[int, tuple[Any, ...]]
    """For each column that a DataFrame held as categories: these, in the order of their codes."""
    trees: tuple[Tree, ...] = ()
    group: tuple[int, ...] = ()
    """The score that each tree adds to."""
    rounds: tuple[int, ...] = (0,)
    """Where the trees of each round begin, and where the last ends."""
    weights: np.ndarray | None = None
    """``f32[trees]``: what the trees of DART are multiplied by."""
    coefficients: np.ndarray | None = None
    """``f32[features + 1, outputs]`` of a linear model, the bias last."""
    best_iteration: int | None = None

    @property
    def written_by(self) -> str:
        """The library whose answers are meant, for the record."""
        return f"xgboost {'.'.join(map(str, self.version))}"

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names of the features, where it was trained on named ones."""
        return self.feature_names or None

    @property
    def feature_names_in_(self) -> np.ndarray | None:
        """The same, as scikit-learn's estimators tell them."""
        return np.array(self.feature_names, object) if self.feature_names else None

    @property
    def n_features_in_(self) -> int:
        """How many features a row has."""
        return self.features

    def until(self, iteration: int | None) -> Model:
        """Return the model with the rounds up to this one; with all of them where there is none."""
        if iteration is None or self.coefficients is not None:
            return self
        end = self.rounds[min(iteration + 1, len(self.rounds) - 1)]
        return replace(self, trees=self.trees[:end], group=self.group[:end])

    @cached_property
    def _predict(self) -> Callable[..., Any]:
        try:
            from xgboost import Booster, DMatrix
        except ModuleNotFoundError:
            raise UnsupportedError(
                "an XGBoost file: checking it on a sample needs xgboost itself; pip install xgboost-cpu"
            ) from None
        booster = Booster(model_file=bytearray(self.data))
        return lambda X, **options: booster.predict(DMatrix(X, enable_categorical=True), **options)

    def predict(self, X: Any) -> Any:
        """Return XGBoost's own answers.

        Raises:
            UnsupportedError: XGBoost is not installed.
        """
        return self.ask(X)

    def ask(self, X: Any, **options: Any) -> Any:
        """Return what ``Booster.predict`` answers with these options.

        Columns of a table that were categories while training are made so again.

        Raises:
            UnsupportedError: XGBoost is not installed.
        """
        return self._predict(self._with_categories(X), **options)

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

    def _with_categories(self, X: Any) -> Any:
        if self.categories and hasattr(X, "iloc"):
            columns = [X.columns[i] for i in self.categories]
            X = X.astype({name: "category" for name in columns if not hasattr(X[name].dtype, "categories")})
        return X
