"""Optimizing and compiling one definition takes under 50 ms of processor time, once its derived objects exist."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler
from sklearn.svm import LinearSVC

from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.importers import export
from pretzel.plan.definition import Definition

MOST_SECONDS = 0.05
dice = np.random.default_rng(0)
X = dice.normal(size=(300, 40))
Y = (X[:, 0] > 0).astype(int)
LETTERS = np.array(list("abcdefghij      "))
TEXTS = ["".join(dice.choice(LETTERS, 100)) for _ in range(300)]


def sentiment() -> Definition:
    counts = make_union(CountVectorizer(analyzer="char", ngram_range=(1, 4)), CountVectorizer(ngram_range=(1, 2)))
    return export(make_pipeline(counts, LinearSVC()).fit(TEXTS, Y))


def single_precision() -> Definition:
    vectorizers = [TfidfVectorizer(analyzer=unit, ngram_range=(1, 2), dtype=np.float32) for unit in ("char_wb", "word")]
    return export(make_pipeline(make_union(*vectorizers), LogisticRegression(solver="liblinear")).fit(TEXTS, Y))


def components() -> Definition:
    return export(make_pipeline(SimpleImputer(), StandardScaler(), PCA(20), LogisticRegression()).fit(X, Y))


def side_by_side() -> Definition:
    parts = make_union(PCA(20), KMeans(16, n_init=1, random_state=0))
    return export(make_pipeline(StandardScaler(), parts, LogisticRegression()).fit(X, Y))


def bins() -> Definition:
    return export(make_pipeline(KBinsDiscretizer(5), LogisticRegression()).fit(X, Y))


@pytest.mark.parametrize("make", [sentiment, single_precision, components, side_by_side, bins])
def test_a_definition_is_compiled_quickly(make: Callable[[], Definition]) -> None:
    definition = make()
    compile_plan(optimize(definition))
    taken = []
    for _ in range(5):
        start = time.process_time()
        compile_plan(optimize(definition))
        taken.append(time.process_time() - start)
    assert min(taken) < MOST_SECONDS
