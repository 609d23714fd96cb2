"""Subclasses of served estimators that change only fitting or display."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import xgboost
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


class Mixin:
    """Methods and constants unknown to the library."""

    VERSION = "1.0"

    def summary(self) -> str:
        return f"{self.VERSION}: {len(self.coef_)}"  # type: ignore[attr-defined]

    def _helper(self) -> int:
        return 7

    @property
    def size(self) -> int:
        return 3


class Logistic(Mixin, LogisticRegression):
    """A new constructor and fit, and methods for display."""

    _parameter_constraints: dict[str, list[Any]] = {}

    def __init__(self, strength: float = 2.0) -> None:
        self.strength = strength
        super().__init__(C=1 / strength)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        return super().fit(X, 1 - y, sample_weight)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"strength": self.strength}

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        return 1.0

    def __repr__(self) -> str:
        return "Logistic"

    def __sklearn_tags__(self) -> Any:
        return super().__sklearn_tags__()


class Scaler(StandardScaler, Mixin):
    """The mixin last, and a new fit_transform."""

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        return self.fit(X, y).transform(X)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        return np.array(["a", "b", "c"], object)


class Steps(Pipeline):
    """A pipeline with fixed steps."""

    def __init__(self, *, with_scaler: bool = True) -> None:
        self.with_scaler = with_scaler
        super().__init__([("scaler", Scaler()), ("model", Logistic())])

    def set_params(self, **kwargs: Any) -> Any:
        return self


class Boosted(lightgbm.LGBMClassifier):
    """Other defaults."""

    def __init__(self, num_leaves: int = 4, n_estimators: int = 3, verbose: int = -1, **options: Any) -> None:
        super().__init__(num_leaves=num_leaves, n_estimators=n_estimators, verbose=verbose, **options)


class Extreme(xgboost.XGBRegressor):
    """Another fit."""

    def fit(self, X: Any, y: Any, **options: Any) -> Any:
        return super().fit(X, y + 1, **options)


class Booster(lightgbm.Booster):
    """A booster with an additional method."""

    def trees(self) -> int:
        return int(self.num_trees())


class Same(FunctionTransformer):
    """The identity."""
