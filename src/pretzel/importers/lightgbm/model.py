"""A LightGBM model as its text form tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from pretzel.errors import UnsupportedError


@dataclass(frozen=True)
class Tree:
    """One tree: inner nodes in arrays, leaves named by the bitwise complement of their number."""

    split_feature: np.ndarray
    threshold: np.ndarray
    decision_type: np.ndarray
    left_child: np.ndarray
    right_child: np.ndarray
    leaf_value: np.ndarray
    cat_boundaries: np.ndarray
    cat_threshold: np.ndarray
    internal_count: np.ndarray
    """How many rows of the training data reached each inner node; empty where that is not recorded."""
    leaf_count: np.ndarray


@dataclass(frozen=True)
class Model:
    """What a text file holds; ``predict`` answers by LightGBM itself, where it is installed."""

    stands_for: ClassVar = "lightgbm.Booster"

    text: str
    version: str
    objective: str
    """Its name, empty for one of the user's own, which is not applied to predictions."""
    options: Mapping[str, str]
    """What stands behind the name: ``sigmoid:1``; flags have an empty value."""
    trees_per_iteration: int
    average: bool
    """Whether the trees are a random forest, whose mean is the answer."""
    feature_names: tuple[str, ...]
    trees: tuple[Tree, ...]
    linear: bool
    """Whether leaves are linear models."""
    categorical: tuple[int, ...]
    """The features that were treated as categories."""
    feature_infos: tuple[str, ...]
    """Of each feature ``[least:largest]``, the codes of its categories, or ``none`` where it is constant."""
    pandas_categories: tuple[tuple[Any, ...], ...]
    """The categories of each column of categories in the DataFrame it was trained on, in the order of those columns."""

    @property
    def written_by(self) -> str:
        """The library whose answers are meant, for the record."""
        return f"lightgbm text {self.version}"

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names of the features, unless LightGBM made them up."""
        made_up = tuple(f"Column_{i}" for i in range(len(self.feature_names)))
        return None if self.feature_names == made_up else self.feature_names

    @property
    def feature_names_in_(self) -> np.ndarray | None:
        """The same, as scikit-learn's estimators tell them."""
        return None if self.names is None else np.array(self.names, object)

    @property
    def n_features_in_(self) -> int:
        """How many features a row has."""
        return len(self.feature_names)

    @cached_property
    def _booster(self) -> Any:
        try:
            from lightgbm import Booster
        except ModuleNotFoundError:
            raise UnsupportedError(
                "a LightGBM file: checking it on a sample needs lightgbm itself; pip install lightgbm"
            ) from None
        return Booster(model_str=self.text)

    def predict(self, X: Any) -> Any:
        """Return LightGBM's own answers.

        Raises:
            UnsupportedError: LightGBM is not installed.
        """
        return self.ask(X)

    def ask(self, X: Any, **options: Any) -> Any:
        """Return what ``Booster.predict`` answers with these options.

        Columns of a table that were categories while training are made so again.

        Raises:
            UnsupportedError: LightGBM is not installed.
        """
        return self._booster.predict(self._with_categories(X), **options)

    def contributions(self, X: Any) -> Any:
        """Return LightGBM's own contributions.

        Raises:
            UnsupportedError: LightGBM is not installed.
        """
        return self.ask(X, pred_contrib=True)

    def _with_categories(self, X: Any) -> Any:
        if self.pandas_categories and hasattr(X, "iloc"):
            columns = [X.columns[i] for i in self.categorical]
            X = X.astype({name: "category" for name in columns if not hasattr(X[name].dtype, "categories")})
        return X
