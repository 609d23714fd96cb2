"""A LightGBM model as its text file describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from pretzel.errors import UnsupportedError


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
class Model:
    """The content of a text file; ``predict`` calls LightGBM itself, which must be installed."""

    stands_for: ClassVar = "lightgbm.Booster"

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
    def names(self) -> tuple[str, ...] | None:
        """The names of the features; None if LightGBM generated them."""
        generated = tuple(f"Column_{i}" for i in range(len(self.feature_names)))
        return None if self.feature_names == generated else self.feature_names

    @property
    def feature_names_in_(self) -> np.ndarray | None:
        """The names as an array, as in scikit-learn."""
        return None if self.names is None else np.array(self.names, object)

    @property
    def n_features_in_(self) -> int:
        """Number of features per row."""
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
        """Return LightGBM's own predictions.

        Raises:
            UnsupportedError: LightGBM is not installed.
        """
        return self.ask(X)

    def ask(self, X: Any, **options: Any) -> Any:
        """Return the result of ``Booster.predict`` with these options.

        Columns of a table that were categories in training are converted to categories.

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
