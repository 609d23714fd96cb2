"""Models whose kernels are timed: each kernel at several widths, so that its rates can be separated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
)

Fitted = tuple[Any, Any]
"""An estimator and its X."""
WIDTHS = (2, 10, 60, 300)
ROWS = 1000
_random = np.random.default_rng(0)
_WORDS = np.array([f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in ("", "n", "r", "st", "ng")])


def fitted() -> Iterator[Fitted]:
    """Yield every estimator, fitted, with its X."""
    for width in WIDTHS:
        x = _random.normal(size=(ROWS, width))
        y = (x[:, 0] + 0.3 * _random.normal(size=ROWS) > 0).astype(int)
        yield from ((clone(estimator).fit(x, y), x) for estimator in _dense(width))
    for words in (3, 12, 50):
        documents = [" ".join(_random.choice(_WORDS, words)) for _ in range(ROWS)]
        yield from ((estimator.fit(documents, np.arange(ROWS) % 3), documents) for estimator in _texts())
    for columns in (1, 8):
        values = _random.choice(_WORDS[:40], (ROWS, columns)).astype(object)
        yield from ((estimator.fit(values, np.arange(ROWS) % 2), values) for estimator in _categories(columns))


def _dense(width: int) -> list[Any]:
    few = min(width, 8)
    return [
        make_pipeline(SimpleImputer(add_indicator=False), StandardScaler(), Normalizer(), LogisticRegression()),
        make_pipeline(MinMaxScaler(clip=True), PCA(few), KMeans(few, n_init=1)),
        make_pipeline(KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf"), LogisticRegression()),
        RandomForestClassifier(20, max_depth=8, n_jobs=1),
        GradientBoostingRegressor(n_estimators=100, max_depth=4),
        *([make_pipeline(PolynomialFeatures(2), LogisticRegression())] if width <= 20 else []),
    ]


def _texts() -> list[Any]:
    return [
        make_pipeline(TfidfVectorizer(), LogisticRegression()),
        make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)), LogisticRegression()),
        make_pipeline(TfidfVectorizer(dtype=np.float32, ngram_range=(1, 2), sublinear_tf=True), LogisticRegression()),
        make_pipeline(CountVectorizer(stop_words="english", strip_accents="unicode"), LogisticRegression()),
    ]


def _categories(columns: int) -> list[Any]:
    indices = list(range(columns))
    return [
        make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()),
        make_pipeline(make_column_transformer((OrdinalEncoder(), indices)), LogisticRegression()),
    ]
