"""Contents of common pipelines outside scikit-learn: rows, functions, and classes of other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

_random = np.random.default_rng(3)
ROWS = 60
FRAME = pd.DataFrame(
    {
        "text": ["good wine", "bad beer", "good beer", "old wine"] * (ROWS // 4),
        "color": ["red", "blue", "green"] * (ROWS // 3),
        "when": pd.date_range("2024-01-01", periods=4).tolist() * (ROWS // 4),
        "age": _random.integers(18, 80, ROWS).astype(float),
        "price": _random.normal(size=ROWS),
    }
)
Y = np.arange(ROWS) % 2
NUMBERS = FRAME[["age", "price"]]
TEXTS = FRAME["text"].tolist()


def split(text: str) -> list[str]:
    return sorted(word for word in text.split() if len(word) > 1)


def variety(texts: Any) -> np.ndarray:
    return np.array([[len(set(zip(text, text[1:], strict=False)))] for text in texts], float)


def ratio(frame: Any) -> Any:
    return np.asarray(frame)[:, :1] / np.mean(np.asarray(frame))


def products(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return left @ right.T


def days(frame: pd.DataFrame) -> np.ndarray:
    return frame.apply(lambda column: (column - column.min()).dt.days).to_numpy()


class _Passing(TransformerMixin, BaseEstimator):
    def fit(self, X: Any, y: Any = None) -> Any:
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:
        return X


def elsewhere(module: str, name: str, *bases: type, **members: Any) -> Any:
    """Return a class as if defined by another library, under its module name."""
    return type(name, bases or (_Passing,), {"__module__": module, **members})


class _Dates(_Passing):
    def transform(self, X: Any) -> Any:
        return days(X)


class _Sampling(BaseEstimator):
    def fit_resample(self, X: Any, y: Any) -> Any:
        return X, y

    def fit(self, X: Any, y: Any = None) -> Any:
        self.fitted_ = True
        return self


class _SamplingPipeline(Pipeline):
    """A pipeline with samplers among its steps, which act only in fitting."""

    def _validate_steps(self) -> None:
        return None

    def fit(self, X: Any, y: Any = None, **params: Any) -> Any:
        for _, step in self.steps[:-1]:
            X = X if hasattr(step, "fit_resample") else step.fit_transform(X, y)
        self.steps[-1][1].fit(X, y)
        return self


class _Always(ClassifierMixin, BaseEstimator):
    def fit(self, X: Any, y: Any) -> Any:
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: Any) -> Any:
        return np.full((len(X), 2), 0.5)

    def predict(self, X: Any) -> Any:
        return self.classes_[np.zeros(len(X), int)]


SMOTE = elsewhere("acme.sampling.over_sampling._smote.base", "SMOTE", _Sampling)
SamplingPipeline = elsewhere("acme.sampling.pipeline", "Pipeline", _SamplingPipeline)
TargetEncoder = elsewhere("acme.encoders", "TargetEncoder")
DatetimeEncoder = elsewhere("acme.dates", "DatetimeEncoder", _Dates)
TextEncoder = elsewhere("acme.texts", "TextEncoder", _Passing, transform=lambda self, X: variety(X))
Custom = elsewhere("acme.features", "Custom")
Always = elsewhere("acme.models", "Always", _Always)
Forest = elsewhere("acme.models", "Forest", RandomForestClassifier, predict=lambda self, X: np.zeros(len(X)))
