"""The models of the day: texts, numbers and trees, with rows and the library's own answers."""

from __future__ import annotations

from functools import cache

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from tests.faults.load import Expected, expected

ROWS = 4
DOCUMENTS, WORDS, LENGTH = 400, 3_000, 30
TREES, FOREST_ROWS, FOREST_COLUMNS = 20, 200, 8


def model(number: int) -> Expected:
    """Return one of a series of models: texts that share a vocabulary, linear models, and forests, in turn."""
    return (text, expected, forest)[number % 3](number)


def text(seed: int) -> Expected:
    """Return a text classifier whose vocabulary all of them share."""
    vectorizer, features = _vocabulary()
    labels = np.random.default_rng(seed).permutation(features.shape[0]) % 2
    estimator = Pipeline([("words", vectorizer), ("head", LogisticRegression(max_iter=20).fit(features, labels))])
    rows = _documents()[:ROWS]
    return Expected(estimator, rows, estimator.predict_proba(rows))


def forest(seed: int) -> Expected:
    """Return a small forest."""
    random_state = np.random.default_rng(seed)
    rows = random_state.normal(size=(FOREST_ROWS, FOREST_COLUMNS))
    labels = (rows[:, 0] * rows[:, 1] > 0).astype(int)
    estimator = make_pipeline(RandomForestClassifier(TREES, max_depth=6, random_state=seed)).fit(rows, labels)
    return Expected(estimator, rows[:ROWS], estimator.predict_proba(rows[:ROWS]))


@cache
def _documents() -> list[str]:
    random_state = np.random.default_rng(1)
    words = random_state.zipf(1.3, size=(DOCUMENTS, LENGTH)) % WORDS
    return [" ".join(f"word{word}" for word in document) for document in words]


@cache
def _vocabulary() -> tuple[TfidfVectorizer, object]:
    vectorizer = TfidfVectorizer(ngram_range=(1, 2))
    return vectorizer, vectorizer.fit_transform(_documents())
