"""Two models of the size that most services have: a text classifier, and a classifier of 13 numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_wine
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pretzel.importers import definition_of
from pretzel.plan.definition import Definition

TEXT = "the food was quite good and the service slow, but I would come back for the coffee"
_WORDS = "good bad fine coffee tea service slow quick table food warm cold come back the was and but would not".split()


def text_classifier(seed: int = 0) -> Any:
    """Return a fitted tf-idf and logistic regression over random reviews."""
    random = np.random.default_rng(seed)
    texts = [" ".join(random.choice(_WORDS, 12)) + f" {TEXT}" * int(random.random() < 0.2) for _ in range(400)]
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, random.choice(["no", "yes"], 400))


def siblings(count: int) -> dict[str, Definition]:
    """Return text classifiers over one tf-idf, each with its own weights."""
    vectorizer, random = text_classifier()[0], np.random.default_rng(1)
    texts = [" ".join(random.choice(_WORDS, 12)) for _ in range(100)]
    rows = vectorizer.transform(texts)
    heads = [LogisticRegression().fit(rows, random.choice(["no", "yes"], len(texts))) for _ in range(count)]
    return {f"sibling-{i}": definition_of(make_pipeline(vectorizer, head)) for i, head in enumerate(heads)}


def wine_classifier() -> Any:
    """Return a fitted scaler and logistic regression over 13 numbers."""
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(*load_wine(return_X_y=True))


def definitions() -> dict[str, Definition]:
    """Return the definitions of both."""
    return {"text": definition_of(text_classifier()), "wine": definition_of(wine_classifier())}


def columns() -> dict[str, dict[str, Any]]:
    """Return one row for each."""
    return {"text": {"X": [TEXT]}, "wine": {"X": load_wine().data[:1]}}
