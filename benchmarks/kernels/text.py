"""Text: two tf-idf vectorizers and a logistic regression over review sentences, against scikit-learn; and its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from threadpoolctl import threadpool_limits

import pretzel
from benchmarks import floors
from benchmarks.harness import Row, compare
from benchmarks.kernels.tables import path_of

PIPELINE = "text pipeline, predict_proba"
RIVAL = "scikit-learn"
BATCHES = (1, 100, 1000)
HEAD_ROWS = 5000
ROTATION = 64  # one-row calls cycle through so many sentences, so that no cache holds only one


def measure() -> list[Row]:
    """Compare the public methods of both sides for 1, 100 and 1000 rows."""
    texts, labels = reviews()
    with threadpool_limits(1):
        rows = list(_both(PIPELINE, pipeline(texts, labels), "predict_proba", texts))
        for name, vectorizer in _parts().items():
            rows += _both(f"{name}, transform", vectorizer.fit(texts), "transform", texts)
    return rows


def _both(name: str, estimator: Any, method: str, texts: list[str]) -> Iterator[Row]:
    served = pretzel.compile(estimator)
    for size in BATCHES:
        batches = [texts[i * size : (i + 1) * size] for i in range(ROTATION if size == 1 else 1)]
        ours, theirs = (in_turn(getattr(side, method), batches) for side in (served, estimator))
        floor = floors.us(served, method, texts[: max(size, ROTATION)])
        yield compare(name, RIVAL, ours, theirs, rows=size, floor=floor)


def in_turn(call: Callable[[Any], Any], batches: list[Any]) -> Callable[[], object]:
    """Return a call that cycles through the batches."""
    at = iter(range(1 << 62))
    return lambda: call(batches[next(at) % len(batches)])


def pipeline(texts: list[str], labels: np.ndarray) -> Pipeline:
    """Fit the features on all sentences and the head on some, like siblings that share a dictionary."""
    features = features_of(texts)
    some = np.random.default_rng(0).permutation(len(texts))[:HEAD_ROWS]
    head = LogisticRegression(solver="liblinear").fit(features.transform([texts[i] for i in some]), labels[some])
    return Pipeline([("features", features), ("head", head)])


def features_of(texts: list[str]) -> FeatureUnion:
    """Fit tf-idf of characters and of words."""
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), dtype=np.float32)
    words = TfidfVectorizer(ngram_range=(1, 2), max_features=30_000, dtype=np.float32)
    return FeatureUnion([("characters", characters), ("words", words)]).fit(texts)


def _parts() -> dict[str, CountVectorizer]:
    return {
        "counts, char_wb 2-4": CountVectorizer(analyzer="char_wb", ngram_range=(2, 4)),
        "counts, char 2-6": CountVectorizer(analyzer="char", ngram_range=(2, 6), max_features=50_000),
        "counts, word 1-2": CountVectorizer(ngram_range=(1, 2), max_features=30_000),
        "tf-idf, word 1, no accents": TfidfVectorizer(strip_accents="unicode", stop_words="english"),
    }


def reviews() -> tuple[list[str], np.ndarray]:
    """Return the review corpus, from ``PRETZEL_DATA`` or from next to the checkout."""
    rows = [line.split("\t", 1) for line in path_of("reviews.tsv").read_text(encoding="utf-8").split("\n")[1:] if line]
    return [text for _, text in rows], np.array([int(label) for label, _ in rows])
