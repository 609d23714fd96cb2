"""Neighbours against scikit-learn: equal distances, training rows, outliers, and rejected input."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import neighbors
from threadpoolctl import threadpool_limits

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from pretzel.importers.differences import ROUNDED_NEIGHBORS
from tests.importers.sklearn.compare import assert_served, run

_random = np.random.default_rng(4)
X = _random.normal(size=(100, 3))
CLASSES = _random.integers(0, 3, 100)
OTHER = _random.normal(size=(60, 3))
METHODS = ["brute", "kd_tree", "ball_tree"]


@pytest.mark.parametrize(("algorithm", "count"), [("brute", 1), ("brute", 17), ("kd_tree", 100), ("ball_tree", 8)])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_votes_and_means(algorithm: str, weights: str, count: int) -> None:
    options: dict[str, Any] = {"n_neighbors": count, "algorithm": algorithm, "weights": weights}
    assert_served(
        neighbors.KNeighborsClassifier(**options).fit(X, CLASSES), OTHER, methods={"predict", "predict_proba"}
    )
    assert_served(neighbors.KNeighborsRegressor(**options).fit(X, X[:, :2]), OTHER)


@pytest.mark.parametrize(
    ("algorithm", "weights"), [("brute", "uniform"), ("kd_tree", "distance"), ("ball_tree", "distance")]
)
def test_training_rows_once_and_twice(algorithm: str, weights: str) -> None:
    """Brute force computes distances by products, so that those of equal rows are rounding errors instead of zero."""
    x, y = np.concatenate([X, X[:20]]), np.concatenate([CLASSES, CLASSES[:20]])
    model = neighbors.KNeighborsClassifier(2, algorithm=algorithm, weights=weights).fit(x, y)
    assert_served(model, X)
    assert_served(neighbors.KNeighborsRegressor(2, algorithm=algorithm, weights=weights).fit(x, y), X)


def test_brute_force_chooses_the_first_of_equally_far_rows() -> None:
    learned = np.array([[1.0], [-1.0], [1.0], [-1.0]])
    for count, target in ((1, 0.0), (2, 0.5), (3, 1.0)):
        model = neighbors.KNeighborsRegressor(count, algorithm="brute").fit(learned, np.arange(4.0))
        definition = assert_served(model, np.array([[0.0]]))
        assert run(definition, {definition.inputs[0].column: np.zeros((1, 1))})["predict"] == target


@pytest.mark.parametrize(
    ("algorithm", "metric", "rows", "leaf"),
    [
        *((algorithm, metric, 120, 3) for algorithm in METHODS for metric in ("euclidean", "manhattan", "minkowski")),
        ("kd_tree", "chebyshev", 250, 8),
        ("ball_tree", "chebyshev", 250, 30),
        ("ball_tree", "canberra", 250, 8),
        ("brute", "euclidean", 300, 30),
        ("kd_tree", "euclidean", 900, 30),
    ],
)
def test_among_equally_far_rows_the_librarys_algorithm_chooses(
    algorithm: str, metric: str, rows: int, leaf: int
) -> None:
    """Whole numbers: most distances are shared by many rows, whose targets differ."""
    dice = np.random.default_rng(rows + leaf)
    x, y, asked = dice.integers(0, 4, (rows, 3)) * 1.0, dice.integers(0, 3, rows), dice.integers(-1, 5, (50, 3)) * 1.0
    options: dict[str, Any] = {"algorithm": algorithm, "leaf_size": leaf, "metric": metric, "p": 3}
    with threadpool_limits(1):  # with more than 256 rows, threads divide them among themselves
        assert_served(neighbors.KNeighborsClassifier(5, **options).fit(x, y), asked)
        assert_served(neighbors.KNeighborsRegressor(11, weights="distance", **options).fit(x, y), asked)


def test_equal_votes_go_to_the_first_class() -> None:
    model = neighbors.KNeighborsClassifier(2, algorithm="brute").fit([[0.0], [1.0]], ["b", "a"])
    assert_served(model, np.array([[0.2], [0.5], [0.8]]))
    model = neighbors.KNeighborsClassifier(2, weights="distance").fit([[0.0], [1.0]], ["b", "a"])
    assert_served(model, np.array([[0.2], [0.5], [0.8], [1.0]]))


@pytest.mark.parametrize(
    "metric", ["euclidean", "manhattan", "chebyshev", "canberra", "braycurtis", "cosine", "sqeuclidean"]
)
def test_metrics(metric: str) -> None:
    model = neighbors.KNeighborsRegressor(7, metric=metric, weights="distance", algorithm="brute").fit(X, X[:, 0])
    assert_served(model, OTHER)


@pytest.mark.parametrize("kind", [neighbors.KNeighborsClassifier, neighbors.RadiusNeighborsClassifier])
def test_sparse_rows(kind: Any) -> None:
    x = sparse.random(80, 30, 0.2, "csr", random_state=1)
    options = {"outlier_label": 1} if kind is neighbors.RadiusNeighborsClassifier else {}
    model = kind(weights="distance", **options).fit(x[:60], CLASSES[:60])
    assert_served(model, x[60:])


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
@pytest.mark.parametrize(
    "kind",
    [
        neighbors.KNeighborsClassifier,
        neighbors.KNeighborsRegressor,
        neighbors.RadiusNeighborsRegressor,
        neighbors.NearestCentroid,
    ],
)
def test_rows_that_store_a_column_twice_are_refused(kind: Any, metric: str) -> None:
    if kind is neighbors.NearestCentroid and metric == "cosine":
        pytest.skip("no metric of centroids")
    options: dict[str, Any] = {} if kind is neighbors.NearestCentroid else {"algorithm": "brute"}
    options |= {"radius": 50.0} if kind is neighbors.RadiusNeighborsRegressor else {}
    model = kind(metric=metric, **options).fit(sparse.csr_matrix(X), CLASSES.astype(float))
    rows = sparse.csr_matrix(OTHER)
    twice = sparse.csr_matrix((rows.data.repeat(2) / 2, rows.indices.repeat(2), rows.indptr * 2), shape=rows.shape)
    predictor = pretzel.compile(model)
    with pytest.raises(InputError, match=r"row 0 stores column 0 twice; call X.sum_duplicates\(\) first"):
        predictor.predict(twice)
    twice.sum_duplicates()
    np.testing.assert_allclose(predictor.predict(twice), model.predict(rows))


def test_several_targets_per_row() -> None:
    y = np.column_stack([CLASSES, CLASSES % 2, X[:, 0] > 0]).astype(np.int64)
    methods = {"predict", *(f"predict_proba[{i}]" for i in range(3))}
    assert_served(neighbors.KNeighborsClassifier().fit(X, y), OTHER, methods=methods)
    assert_served(neighbors.RadiusNeighborsClassifier(9.0).fit(X, y), OTHER, methods=methods)
    outside = neighbors.RadiusNeighborsClassifier(0.5, outlier_label=[0, 1, 7]).fit(X, y)
    assert_served(outside, OTHER * 3, methods=methods)


def test_rows_on_the_radius_are_within() -> None:
    model = neighbors.RadiusNeighborsClassifier(5.0, outlier_label=-1).fit([[0.0, 0.0], [3.0, 4.0]], [0, 1])
    x = np.array([[0.0, 0.0], [-3.0, -4.0], [np.nextafter(-3.0, -9.0), -4.0], [6.0, 8.0], [9.0, 9.0]])
    assert_served(model, x, methods={"predict", "predict_proba"})


@pytest.mark.parametrize("algorithm", METHODS)
@pytest.mark.parametrize("label", [0, 2, 9, "most_frequent"])
def test_outliers(algorithm: str, label: Any) -> None:
    options: dict[str, Any] = {"outlier_label": label, "algorithm": algorithm, "metric": "manhattan"}
    model = neighbors.RadiusNeighborsClassifier(0.5, **options).fit(X, CLASSES * 2)
    assert_served(model, OTHER * 2)


def test_an_outlier_without_a_label_is_refused() -> None:
    model = neighbors.RadiusNeighborsClassifier(0.5).fit(X, CLASSES)
    definition = export(model)
    with pytest.raises(ValueError, match="No neighbors found"):
        model.predict(np.full((1, 3), 50.0))
    with pytest.raises(InputError, match="No neighbors found.*row 1"):
        run(definition, {definition.inputs[0].column: np.array([X[0], [50.0, 0.0, 0.0]])})


def test_the_mean_without_neighbours_is_nan() -> None:
    assert_served(neighbors.RadiusNeighborsRegressor(0.5).fit(X, X[:, 0]), OTHER * 3)
    assert_served(neighbors.RadiusNeighborsRegressor(0.5, weights="distance").fit(X, X), np.concatenate([X, OTHER * 3]))


@pytest.mark.parametrize("mode", ["distance", "connectivity"])
def test_the_graph_of_neighbours(mode: str) -> None:
    definition = assert_served(neighbors.KNeighborsTransformer(mode=mode, n_neighbors=4).fit(X), OTHER)
    assert definition.outputs["transform"].type.layout == "sparse"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (neighbors.KNeighborsClassifier(metric="precomputed"), "metric='precomputed'"),
        (neighbors.KNeighborsClassifier(metric=lambda a, b: 0.0), "metric="),
        (neighbors.KNeighborsClassifier(weights=lambda d: d), "weights="),
        (neighbors.KNeighborsClassifier(metric_params={"w": np.ones(3)}, p=3), "metric_params="),
        (neighbors.KNeighborsClassifier(n_neighbors=101), "n_neighbors=101"),
    ],
)
def test_what_is_refused(model: Any, message: str) -> None:
    x = np.abs(X @ X.T) if model.metric == "precomputed" else X
    with pytest.raises(UnsupportedError, match=message):
        export(model.fit(x, CLASSES))


@pytest.mark.parametrize("priors", ["uniform", "empirical", [0.2, 0.3, 0.5]])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_centroids(priors: Any, metric: str) -> None:
    assert_served(neighbors.NearestCentroid(metric=metric, priors=priors).fit(X, CLASSES), OTHER)


def test_the_first_of_equally_near_centroids_is_chosen() -> None:
    model = neighbors.NearestCentroid().fit([[0.0], [0.5], [2.0], [1.5]], ["a", "a", "b", "b"])
    assert_served(model, np.array([[1.0], [0.9], [1.1]]))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["bits", "counts", "unit", "scaled"])
@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "manhattan"])
def test_few_dense_rows_warn_exactly_if_neighbours_may_differ(metric: str, kind: str, seed: int) -> None:
    """Products of fractional values round; differences and whole numbers are exact."""
    random = np.random.default_rng(seed)
    learned, asked = ((random.random((n, 16)) < 0.3).astype(float) for n in (100, 50))
    factors = {
        "bits": lambda x: 1.0,
        "counts": lambda x: 3.0,
        "unit": lambda x: 1.0 / np.maximum(np.sqrt((x**2).sum(axis=1, keepdims=True)), 1e-9),
        "scaled": lambda x: 0.1,
    }
    learned, asked = (x * factors[kind](x) for x in (learned, asked))
    model = neighbors.KNeighborsClassifier(3, algorithm="brute", metric=metric).fit(learned, np.arange(100) % 2)
    rounds = kind in ("unit", "scaled") and metric != "manhattan"
    assert any(note.reason == ROUNDED_NEIGHBORS.reason for note in pretzel.check(model).notes) == rounds
    if not rounds:
        np.testing.assert_allclose(pretzel.compile(model).predict_proba(asked), model.predict_proba(asked))


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev"])
@pytest.mark.parametrize("kind", ["int64", "int8", "bool"])
def test_integers_for_brute_force_warn_when_they_first_come(metric: str, kind: str) -> None:
    """The library sorts the distances of rows of another type than those it learned in part."""
    learned = np.random.default_rng(0).integers(0, 4, (60, 3)).astype(float)
    model = neighbors.KNeighborsRegressor(3, algorithm="brute", metric=metric).fit(learned, np.arange(60.0))
    rows = np.random.default_rng(1).integers(0, 4, (60, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predictor = pretzel.compile(model)
        np.testing.assert_allclose(predictor.predict(rows.astype(float)), model.predict(rows.astype(float)))
    if kind == "bool":
        with pytest.raises(InputError, match="convert it to float64"):
            predictor.predict(rows.astype(kind))
        return
    with pytest.warns(pretzel.AnswersMayDifferWarning, match="partial sort"):
        predictor.predict(rows.astype(kind))


@pytest.mark.parametrize("algorithm", METHODS)
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_distances_that_overflow_are_refused(algorithm: str, weights: str) -> None:
    model = neighbors.KNeighborsRegressor(algorithm=algorithm, weights=weights)
    with pytest.raises(UnsupportedError, match="distances overflow; scale the features"):
        pretzel.compile(model.fit(X * 1e300, CLASSES))
    with pytest.raises(InputError, match="distances of values beyond 1e.150 overflow; scale them: row 3, column 0"):
        pretzel.compile(model.fit(X, CLASSES)).predict(np.where(np.arange(100)[:, None] == 3, 1e200, X))


@pytest.mark.parametrize("size", [1e3, 1e9, 1e15, 1e30])
def test_centroids_of_far_rows_are_the_librarys_or_refused(size: float) -> None:
    model = neighbors.NearestCentroid().fit(X, CLASSES)
    predictor, rows = pretzel.compile(model), OTHER * size
    if size > 1e12:
        for method in (predictor.predict, predictor.predict_proba, predictor.decision_function):
            with pytest.raises(InputError, match="rounding decides the distances; scale or drop"):
                method(rows)
    else:
        np.testing.assert_array_equal(predictor.predict(rows), model.predict(rows))
        np.testing.assert_allclose(predictor.predict_proba(rows), model.predict_proba(rows), rtol=1e-6, atol=1e-9)


def test_fractions_that_are_asked_of_whole_rows_warn() -> None:
    random = np.random.default_rng(3)
    learned = random.integers(0, 4, (150, 5)).astype(float)
    fractions = learned[:60] + 0.1
    model = neighbors.KNeighborsClassifier(3, algorithm="brute").fit(learned, np.arange(150) % 2)
    predictor = pretzel.compile(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(predictor.predict_proba(learned), model.predict_proba(learned))
    for rows in (fractions, fractions.tolist(), pd.DataFrame(fractions)):
        with pytest.warns(pretzel.AnswersMayDifferWarning, match="rounding makes the nearest"):
            predictor.predict(rows)
