"""Small transformers of users: their fitted attributes are constants, and their answers those of the class itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

import pretzel
from pretzel.errors import UnsupportedError
from pretzel.importers import export

RNG = np.random.default_rng(2)
ROWS = RNG.normal(size=(30, 3))
Y = np.arange(30) % 2
AGES = np.where(np.arange(30) % 9 == 3, np.nan, RNG.normal(30, 5, 30))
TABLE = pd.DataFrame({"age": AGES, "fare": RNG.lognormal(2, 1, 30), "sex": ["m", "f", "f"] * 10, "name": ["x"] * 30})
TEXTS = ["Free money!! Call NOW", "hello there, how are you?", "WIN a prize", "", "a\nb"] * 6


class Own(TransformerMixin, BaseEstimator):
    def fit(self, X: Any, y: Any = None) -> Any:
        self.fitted_ = True
        return self


class Centered(Own):
    def fit(self, X: Any, y: Any = None) -> Any:
        self.mean_ = np.asarray(X).mean(axis=0)
        return self

    def transform(self, X: Any) -> Any:
        check_is_fitted(self)
        return X - self.mean_


class Clipped(Own):
    def __init__(self, columns: tuple[str, ...] = ("fare",), quantile: float = 0.9) -> None:
        self.columns, self.quantile = columns, quantile

    def fit(self, X: Any, y: Any = None) -> Any:
        self.low_ = X[list(self.columns)].quantile(1 - self.quantile)
        self.high_ = X[list(self.columns)].quantile(self.quantile)
        self.fill_ = X.median(numeric_only=True).to_dict()
        self.shares_ = X["sex"].value_counts(normalize=True).to_dict()
        return self

    def _log(self, column: Any) -> Any:
        return np.log1p(column)

    def transform(self, X: Any) -> Any:
        X = X.copy()
        for name in self.columns:
            X[name] = X[name].clip(self.low_[name], self.high_[name])
        X = X.fillna(self.fill_)
        X["sex"] = X["sex"].map(self.shares_).fillna(0.0)
        X["log"] = self._log(X["fare"])
        return X.drop(columns=["name"])

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        return np.array(["age", "fare", "sex", "log"])


class Statistics(Own):
    def transform(self, X: Any) -> Any:
        return np.array([[len(t), t.count("!"), sum(c.isupper() for c in t) / max(len(t), 1)] for t in X])


class Cleaned(Own):
    def transform(self, X: Any) -> Any:
        return [self.clean(t) for t in X]

    def clean(self, text: Any) -> str:
        if not isinstance(text, str):
            return ""
        return text.lower().replace("\n", " ").strip()


class Counting(Own):
    def transform(self, X: Any) -> Any:
        self.calls_ = getattr(self, "calls_", 0) + 1
        return X


class Holding(Own):
    def fit(self, X: Any, y: Any = None) -> Any:
        self.scaler_ = StandardScaler().fit(X)
        return self

    def transform(self, X: Any) -> Any:
        return self.scaler_.transform(X)


MODELS: dict[str, tuple[Any, Any]] = {
    "arrays": (lambda: make_pipeline(Centered(), LogisticRegression()), ROWS),
    "tables": (lambda: make_pipeline(Clipped(), LogisticRegression()), TABLE),
    "set_output": (
        lambda: make_pipeline(Clipped().set_output(transform="pandas"), StandardScaler(), LogisticRegression()),
        TABLE,
    ),
    "statistics": (
        lambda: make_pipeline(FeatureUnion([("t", TfidfVectorizer()), ("s", Statistics())]), LogisticRegression()),
        TEXTS,
    ),
    "texts": (lambda: make_pipeline(Cleaned(), TfidfVectorizer(), LogisticRegression()), TEXTS),
}


@pytest.mark.parametrize("name", MODELS)
def test_own_classes(name: str) -> None:
    make, rows = MODELS[name]
    model = make().fit(rows, Y)
    predictor = pretzel.compile(model, sample=rows)
    for part in (rows, rows[:1], rows[5:9]):
        np.testing.assert_allclose(predictor.predict_proba(part), model.predict_proba(part), rtol=1e-9)


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (Counting, r"test_own_classes.py:\d+: `self.calls_ = .*it sets self.calls_; set attributes in fit"),
        (Holding, "self.scaler_ is another estimator; make it a step of its own in a Pipeline"),
    ],
)
def test_own_classes_that_are_refused(kind: Any, problem: str) -> None:
    model = make_pipeline(kind(), LogisticRegression()).fit(ROWS, Y)
    with pytest.raises(UnsupportedError, match=problem):
        export(model, sample=ROWS)


def test_tables_of_own_classes_need_a_sample() -> None:
    model = make_pipeline(Clipped(), LogisticRegression()).fit(TABLE, Y)
    with pytest.raises(UnsupportedError, match="records neither names nor number of columns; give a sample"):
        export(model)
