"""An XGBoost model as its document describes it."""

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
    """``f32[nodes]``; at leaves their value, if it is a single number."""
    default_left: np.ndarray
    leaves: np.ndarray
    """``f32[nodes]`` or ``f32[nodes, k]``."""
    categories: Mapping[int, np.ndarray]
    """For each categorical node, the categories that go right."""
    cover: np.ndarray | None = None
    """``f32[nodes]``: the sum of second derivatives over the training rows of each node; None if not recorded."""


@dataclass(frozen=True)
class Model:
    """The content of a file; ``predict`` calls XGBoost itself, which must be installed."""

    stands_for: ClassVar = "xgboost.Booster"

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
    def names(self) -> tuple[str, ...] | None:
        """The names of the features; None if they have no names."""
        return self.feature_names or None

    @property
    def feature_names_in_(self) -> np.ndarray | None:
        """The names as an array, as in scikit-learn."""
        return np.array(self.feature_names, object) if self.feature_names else None

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
        """Return XGBoost's own predictions.

        Raises:
            UnsupportedError: XGBoost is not installed.
        """
        return self.ask(X)

    def ask(self, X: Any, **options: Any) -> Any:
        """Return the result of ``Booster.predict`` with these options.

        Columns of a table that were categories in training are converted to categories.

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
