"""Clusterers against scikit-learn: the same clusters, ties included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.cluster import (
    AffinityPropagation,
    Birch,
    BisectingKMeans,
    FeatureAgglomeration,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.compare import assert_served

METHODS = {"predict", "transform"}


def data(dtype: str = "f8") -> np.ndarray:
    return np.random.default_rng(5).normal(size=(150, 6)).astype(dtype)


@pytest.mark.parametrize("kind", [KMeans, MiniBatchKMeans])
@pytest.mark.parametrize("clusters", [1, 4, 16])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_k_means(kind: type, clusters: int, dtype: str) -> None:
    model = kind(clusters, n_init=1, random_state=0).fit(data(dtype))
    assert_served(model, data(dtype), methods=METHODS, relative=1e-5 if dtype == "f4" else 1e-6)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_k_means_of_sparse_rows(dtype: str) -> None:
    x = sparse.random(100, 40, 0.2, "csr", dtype, random_state=0)
    model = KMeans(5, n_init=1, random_state=0).fit(x)
    assert_served(model, x, methods=METHODS, relative=1e-5 if dtype == "f4" else 1e-6)


def test_the_first_of_equally_near_centers_is_chosen() -> None:
    grid = np.array([[a, b] for a in range(5) for b in range(5)], float)
    model = KMeans(4, n_init=1).fit(grid)
    model.cluster_centers_ = np.array([[3.0, 1.0], [1.0, 1.0], [1.0, 3.0], [3.0, 3.0]])
    definition = assert_served(model, grid, relative=1e-6, scale=1e-7)
    assert definition.outputs["predict"].type.dtype == "i32"


def test_the_splits_are_those_of_the_library() -> None:
    model = BisectingKMeans(9, random_state=1).fit(data())
    far = np.concatenate([data(), 100 * data()])
    assert_served(model, far, methods=METHODS)


def test_one_cluster_has_no_split() -> None:
    assert_served(BisectingKMeans(1).fit(data()), data(), methods=METHODS)


@pytest.mark.filterwarnings("ignore")
def test_without_convergence_there_is_no_cluster() -> None:
    model = AffinityPropagation(max_iter=1, convergence_iter=100).fit(data())
    assert not len(model.cluster_centers_)
    definition = assert_served(model, data(), methods={"predict"})
    assert definition.outputs["predict"].type.dtype == "i64"


def test_float32_rows_among_float64_centers() -> None:
    model = MeanShift(bandwidth=2.0).fit(data())
    assert_served(model, data("f4"), methods={"predict"})


@pytest.mark.parametrize("model", [MeanShift(bandwidth=2.0), FeatureAgglomeration(2)])
def test_sparse_matrices_are_refused(model: object) -> None:
    fitted = model.fit(data())
    with pytest.raises(UnsupportedError, match="sparse matrix"):
        export(fitted, sample=sparse.csr_matrix(data()))


@pytest.mark.parametrize("kind", [KMeans, MiniBatchKMeans, BisectingKMeans])
@pytest.mark.parametrize("fitted", ["f4", "f8"])
@pytest.mark.parametrize("given", ["f4", "f8", "i8", "list"])
@pytest.mark.parametrize("scales", [False, True])
def test_rows_of_another_float_type_are_refused_as_by_the_library(
    kind: type, fitted: str, given: str, scales: bool
) -> None:
    model = kind(4, n_init=1, random_state=0)
    model = (make_pipeline(StandardScaler(), model) if scales else model).fit(data(fitted))
    rows = data().tolist() if given == "list" else data().astype(given)
    predictor = pretzel.compile(model)
    np.testing.assert_allclose(predictor.transform(rows), model.transform(rows), rtol=1e-5, atol=1e-5)
    try:
        want = model.predict(rows)
    except ValueError:
        with pytest.raises(InputError, match=f"rejects .*; convert it: astype\\('float{8 * int(fitted[1])}'"):
            predictor.predict(rows)
    else:
        np.testing.assert_array_equal(predictor.predict(rows), want)


def test_centers_alone_require_their_type() -> None:
    model = make_pipeline(KMeans(4, n_init=1, random_state=0), LogisticRegression())
    model.fit(data("f4"), data()[:, 0] > 0)
    np.testing.assert_array_equal(pretzel.compile(model).predict(data()), model.predict(data()))


@pytest.mark.parametrize(
    "model", [AffinityPropagation(random_state=0), Birch(n_clusters=3, threshold=0.5), MeanShift()]
)
@pytest.mark.filterwarnings("ignore")
def test_rows_so_far_away_that_rounding_decides_are_rejected(model: Any) -> None:
    predictor, rows = pretzel.compile(model.fit(data())), data()[:20]
    np.testing.assert_array_equal(predictor.predict(rows * 1e8), model.predict(rows * 1e8))
    with pytest.raises(InputError, match="rounding decides which is the nearest; scale the value"):
        predictor.predict(rows * 1e18)
