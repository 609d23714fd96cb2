"""The workloads of the optimizer's benchmark: the paper's two and a dozen pipelines of scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import (
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomTreesEmbedding,
    StackingClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold, chi2
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
)
from sklearn.svm import LinearSVC

from benchmarks.kernels.tables import adult
from benchmarks.kernels.text import reviews
from pretzel.adapters.inputs import columns_of
from pretzel.importers import export
from pretzel.plan.definition import Definition
from pretzel.plan.model import InputDescription

ROWS = 1000
SIBLINGS = 20
"""The number of models that share their features and differ in their heads."""
FIELDS = 40


@dataclass(frozen=True)
class Workload:
    """A fitted pipeline, rows for it, and the definitions of its siblings, if any."""

    name: str
    definition: Definition
    rows: dict[str, Any]
    output: str
    siblings: tuple[Definition, ...] = ()


def workloads() -> Iterator[Workload]:
    """Yield the workloads, each fitted on demand."""
    texts, labels = reviews()
    yield from _sentiment(texts[:20_000], labels[:20_000])
    yield _attendees()
    yield from _texts(texts[:10_000], labels[:10_000])
    yield from _numbers()
    yield from _tables()


def _sentiment(texts: list[str], labels: np.ndarray) -> Iterator[Workload]:
    """The paper's sentiment analysis: concatenated character and word n-grams into a linear model."""
    counts = make_union(
        CountVectorizer(analyzer="char", ngram_range=(1, 3)), CountVectorizer(ngram_range=(1, 2), max_features=100_000)
    )
    yield _siblings("SA: n-grams of characters and words", counts, texts, labels)
    single = make_union(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), dtype=np.float32),
        TfidfVectorizer(ngram_range=(1, 2), max_features=30_000, dtype=np.float32),
    )
    yield _siblings("SA in tf-idf of float32", single, texts, labels)


def _siblings(name: str, features: Any, texts: list[str], labels: np.ndarray) -> Workload:
    matrix, dice = features.fit_transform(texts), np.random.default_rng(0)
    definitions = []
    for _ in range(SIBLINGS):
        some = dice.permutation(len(texts))[:2000]
        head = LinearSVC(C=0.1, tol=0.01).fit(matrix[some], labels[some])
        definitions.append(export(make_pipeline(features, head)))
    return _workload(name, definitions[0], texts, siblings=tuple(definitions))


def _attendees() -> Workload:
    """The paper's attendee count: concatenated components, clusters and trees, and trees over them."""
    x, y = _fields(5)
    trees = RandomForestClassifier(20, max_depth=8, random_state=0)
    final = RandomForestClassifier(20, max_depth=6, random_state=0)
    features = make_union(
        PCA(10), KMeans(8, n_init=1, random_state=0), RandomTreesEmbedding(10, sparse_output=False, random_state=0)
    )
    stacked = StackingClassifier([("classes", trees)], final, cv=2, passthrough=True)
    return _workload(
        "AC: PCA, k-means, trees, into a forest", _fit(x, y, StandardScaler(), features, stacked), x[:ROWS]
    )


def _texts(texts: list[str], labels: np.ndarray) -> Iterator[Workload]:
    words = TfidfVectorizer(min_df=2)
    small = {"solver": "liblinear", "C": 0.3}
    pipelines: dict[str, tuple[Any, ...]] = {
        "tf-idf, linear SVM": (words, LinearSVC()),
        "tf-idf, select 2000, logistic regression": (words, SelectKBest(chi2, k=2000), LogisticRegression()),
        "tf-idf, LSA 50, logistic regression": (words, TruncatedSVD(50, random_state=0), LogisticRegression()),
        "tf-idf of two columns' n-grams, l1 logistic regression": (
            make_union(words, TfidfVectorizer(analyzer="char", ngram_range=(4, 4), min_df=5)),
            LogisticRegression(penalty="l1", **small),
        ),
    }
    for name, steps in pipelines.items():
        yield _workload(name, _fit(texts, labels, *steps), texts)


def _numbers() -> Iterator[Workload]:
    x, y = _fields(2)
    components = make_union(PCA(20), KMeans(16, n_init=1, random_state=0))
    forest = RandomForestClassifier(100, max_depth=10, random_state=0)
    pipelines: dict[str, tuple[Any, ...]] = {
        "impute, scale, PCA 20, logistic regression": (
            *(SimpleImputer(), StandardScaler(), PCA(20), LogisticRegression()),
        ),
        "impute, scale, PCA and k-means, logistic regression": (
            *(SimpleImputer(), StandardScaler(), components, _logistic()),
        ),
        "scale, whitened PCA, scale": (StandardScaler(), PCA(20, whiten=True), StandardScaler()),
        "scale, forest of 100": (StandardScaler(), forest),
        "min-max, histogram boosting of 100": (MinMaxScaler(), HistGradientBoostingRegressor(max_iter=100)),
        "products, scale, ridge": (PolynomialFeatures(2), StandardScaler(), Ridge()),
        "bins of one-hot, logistic regression": (KBinsDiscretizer(8), LogisticRegression()),
        "three scalings, logistic regression": (MaxAbsScaler(), StandardScaler(), MinMaxScaler(), LogisticRegression()),
        "impute with indicators, drop constants, scale, logistic regression": (
            *(SimpleImputer(add_indicator=True), VarianceThreshold(), StandardScaler(), _logistic()),
        ),
    }
    for name, steps in pipelines.items():
        yield _workload(name, _fit(x, y, *steps), x[:ROWS])


def _tables() -> Iterator[Workload]:
    table = adult(10_000)
    if table is None:
        return
    frame, income, names = table
    numbers = [name for name in frame.columns if name not in names]
    numbers_too = (make_pipeline(SimpleImputer(), StandardScaler()), numbers)
    encoded = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), names), numbers_too)
    yield _workload("Adult: one-hot, scale, logistic regression", _fit(frame, income, encoded, _logistic()), frame)
    dense = make_column_transformer((OneHotEncoder(handle_unknown="ignore", sparse_output=False), names), numbers_too)
    few = LogisticRegression(penalty="l1", solver="liblinear", C=0.01)
    yield _workload("Adult: dense one-hot, scale, l1 logistic regression", _fit(frame, income, dense, few), frame)
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    ordinal = make_column_transformer((codes, names), (StandardScaler(), numbers))
    forest = RandomForestClassifier(50, max_depth=10, random_state=0)
    yield _workload("Adult: ordinal, scale, forest of 50", _fit(frame, income, ordinal, forest), frame)


def _logistic() -> Any:
    return LogisticRegression(max_iter=300)


def _fit(x: Any, y: Any, *steps: Any) -> Definition:
    return export(make_pipeline(*steps).fit(x, y))


def _fields(classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return records of forty fields on different scales, and a class that depends on some of them."""
    dice = np.random.default_rng(0)
    x = dice.normal(size=(4000, FIELDS)) * dice.uniform(0.1, 100, FIELDS) + dice.uniform(-10, 10, FIELDS)
    score = x[:, :8] @ dice.normal(size=8)
    return x, np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1]))


def _workload(name: str, definition: Definition, x: Any, siblings: tuple[Definition, ...] = ()) -> Workload:
    described = [InputDescription(node.column, node.type) for node in definition.inputs]
    rows = columns_of(x[:ROWS], described, definition.metadata)
    output = next(o for o in ("predict_proba", "decision_function", "predict", "transform") if o in definition.outputs)
    return Workload(name, definition, dict(rows), output, siblings)
