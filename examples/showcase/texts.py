"""Text pipelines over the corpus: the vectorizers are fitted once and shared, as is common within a company."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from showcase.corpus import Document
from showcase.trained import Trained

FAMILY = "docstrings"
TRAINED_ON, UNSEEN = 12_000, 100
HEAD_ROWS = 4_000
"""Training rows per head, drawn separately for each, as for models trained separately."""
PACKAGES = 14
Texts = list[str]


@dataclass(frozen=True)
class Features:
    """A fitted featurizer and its features of the corpus, computed once for all heads."""

    name: str
    featurizer: Any
    matrix: Any

    @classmethod
    def fit(cls, name: str, featurizer: Any, texts: Texts) -> Features:
        """Fit a featurizer on the corpus."""
        return cls(name, featurizer, featurizer.fit_transform(texts))

    def under(self, head: Any, target: np.ndarray, rows: np.ndarray) -> Pipeline:
        """Train a head on some rows; the pipeline shares this featurizer, without a copy."""
        fitted = clone(head).fit(self.matrix[rows], target[rows])
        return Pipeline([("features", self.featurizer), ("model", fitted)])


class Corpus:
    """Documents for training with their features, and unseen documents for scoring."""

    def __init__(self, documents: list[Document], seed: int = 7) -> None:
        drawn = random.Random(seed).sample(documents, min(len(documents), TRAINED_ON + UNSEEN))
        self.documents, self.unseen = drawn[:-UNSEEN], [document.text for document in drawn[-UNSEEN:]]
        self.texts = [document.text for document in self.documents]
        self.library = np.array([document.library for document in self.documents])
        self.package = np.array([document.package for document in self.documents])
        self.random = np.random.default_rng(seed)

    @cached_property
    def tfidf(self) -> Features:
        """Concatenated word and character n-grams."""
        characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=60_000, sublinear_tf=True)
        words = TfidfVectorizer(ngram_range=(1, 2), max_features=60_000)
        return Features.fit("tfidf", FeatureUnion([("characters", characters), ("words", words)]), self.texts)

    @cached_property
    def counts(self) -> Features:
        """Counts of words, weighted in a separate step."""
        vectorizer = CountVectorizer(stop_words="english", min_df=2, max_features=20_000)
        steps = [("counts", vectorizer), ("weights", TfidfTransformer(sublinear_tf=True))]
        return Features.fit("counts", Pipeline(steps), self.texts)

    @cached_property
    def topics(self) -> Features:
        """A few dozen latent topics of the words."""
        svd = TruncatedSVD(40, n_iter=2, random_state=0)
        reduced = svd.fit_transform(self.counts.matrix)
        steps = [("words", self.counts.featurizer), ("svd", svd)]
        return Features("topics", Pipeline(steps), reduced)

    def draw(self, among: np.ndarray | None = None) -> np.ndarray:
        """Draw training rows for one head."""
        rows = np.arange(len(self.texts)) if among is None else np.flatnonzero(among)
        return self.random.permutation(rows)[:HEAD_ROWS]

    def packages(self, count: int) -> list[str]:
        """Return the packages with the most documents."""
        return [name for name, _ in Counter(self.package.tolist()).most_common(count)]


def train(documents: list[Document]) -> list[Trained]:
    """Train all text pipelines."""
    corpus = Corpus(documents)
    fitted = [*_which_library(corpus), *_which_package(corpus), *_is_it_from(corpus), *_about_topics(corpus)]
    return [Trained(name, FAMILY, pipeline, corpus.unseen) for name, pipeline in fitted]


Fitted = Iterator[tuple[str, Pipeline]]


def _which_library(corpus: Corpus) -> Fitted:
    heads = {
        "logistic": LogisticRegression(max_iter=60, tol=1e-2),
        "svc": LinearSVC(dual=True),
        "sgd": SGDClassifier(loss="log_loss", max_iter=8, tol=None, random_state=0),
    }
    for features in (corpus.tfidf, corpus.counts):
        for name, head in heads.items():
            yield f"library-{features.name}-{name}", features.under(head, corpus.library, corpus.draw())


def _which_package(corpus: Corpus) -> Fitted:
    """One model per library: which of its packages is the text from?"""
    for library in np.unique(corpus.library):
        head = SGDClassifier(loss="modified_huber", max_iter=8, tol=None, random_state=0)
        rows = corpus.draw(corpus.library == library)
        yield f"package-in-{library}", corpus.counts.under(head, corpus.package, rows)


def _is_it_from(corpus: Corpus) -> Fitted:
    """One model for each of the largest packages: is the text from it?"""
    head = LogisticRegression(solver="liblinear")
    for package in corpus.packages(PACKAGES):
        yield f"from-{package.replace('.', '-')}", corpus.tfidf.under(head, corpus.package == package, corpus.draw())


def _about_topics(corpus: Corpus) -> Fitted:
    topics, rows = corpus.topics, corpus.draw()
    lengths = np.log([len(text) for text in corpus.texts])
    yield "topics-clusters", topics.under(KMeans(12, n_init=1, random_state=0), corpus.package, rows)
    yield "topics-length", topics.under(Ridge(), lengths, rows)
    head = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression(max_iter=200))])
    yield "topics-library", topics.under(head, corpus.library, rows)
