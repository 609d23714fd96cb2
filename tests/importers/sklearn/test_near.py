"""Imputing, novelty, embeddings and label propagation by neighbours, against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.impute import KNNImputer
from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.compare import assert_served, run

_random = np.random.default_rng(8)
X = _random.normal(size=(60, 4))
OTHER = _random.normal(size=(50, 4))
NAN = float("nan")


def holed(x: np.ndarray, share: float) -> np.ndarray:
    return np.where(np.random.default_rng(len(x)).random(x.shape) < share, NAN, x)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("count", [1, 4, 500])
@pytest.mark.parametrize("share", [0.1, 0.7])
def test_knn_imputer(weights: str, count: int, share: float) -> None:
    model = KNNImputer(n_neighbors=count, weights=weights).fit(holed(X, share))
    assert_served(model, holed(OTHER, share), methods={"transform"})


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("indicator", [False, True])
def test_columns_that_were_always_missing(keep: bool, indicator: bool) -> None:
    x = holed(X, 0.3)
    x[:, 2] = NAN
    model = KNNImputer(keep_empty_features=keep, add_indicator=indicator).fit(x)
    asked = holed(OTHER, 0.3)
    assert_served(model, asked)
    assert_served(model, np.nan_to_num(asked))


def test_rows_that_share_no_column_with_any_donor_get_the_mean() -> None:
    x = np.array([[1.0, NAN, 3.0], [NAN, 2.0, 5.0], [4.0, NAN, NAN]])
    asked = np.array([[NAN, NAN, NAN], [NAN, 9.0, NAN], [7.0, NAN, NAN], [NAN, 1.0, 2.0]])
    for weights in ("uniform", "distance"):
        assert_served(KNNImputer(weights=weights).fit(x), asked)


@pytest.mark.parametrize("marker", [-1.0, 0, 7])
def test_a_number_that_means_missing(marker: float) -> None:
    x = np.where(np.isnan(holed(X, 0.3)), marker, X)
    asked = np.where(np.isnan(holed(OTHER, 0.3)), marker, OTHER)
    definition = assert_served(KNNImputer(missing_values=marker).fit(x), asked)
    with pytest.raises(InputError, match="NaN"):
        run(definition, {definition.inputs[0].column: np.array([[0.0, NAN, 1.0, 2.0]])})


def test_float32_holes_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="float64 rows"):
        export(KNNImputer().fit(holed(X, 0.3)), sample=X.astype("f4"))


@pytest.mark.parametrize("count", [1, 20, 500])
@pytest.mark.parametrize("contamination", ["auto", 0.3])
def test_local_outlier_factor(count: int, contamination: Any) -> None:
    model = LocalOutlierFactor(count, novelty=True, contamination=contamination).fit(X)
    assert_served(
        model, np.concatenate([OTHER, X[:5], 4 * OTHER]), methods={"predict", "decision_function", "score_samples"}
    )


def test_repeated_training_rows_have_infinite_density() -> None:
    x = np.repeat(X[:5], 12, axis=0)
    model = LocalOutlierFactor(6, novelty=True).fit(x)
    assert_served(model, np.concatenate([X[:5], OTHER]))


def test_without_novelty_there_is_nothing_to_serve() -> None:
    with pytest.raises(UnsupportedError, match="novelty=False"):
        export(LocalOutlierFactor().fit(X))


@pytest.mark.parametrize("options", [{}, {"n_neighbors": 12, "n_components": 3}, {"n_neighbors": None, "radius": 3.0}])
def test_isomap(options: dict[str, Any]) -> None:
    assert_served(Isomap(**options).fit(X), OTHER[np.abs(OTHER).max(axis=1) < 2], methods={"transform"})


def test_a_row_with_nothing_in_the_radius_is_refused() -> None:
    model = Isomap(n_neighbors=None, radius=3.0).fit(X)
    definition, far = export(model), np.full((1, 4), 50.0)
    with pytest.raises(ValueError):
        model.transform(far)
    with pytest.raises(InputError, match="within the radius: row 0"):
        run(definition, {definition.inputs[0].column: far})


@pytest.mark.parametrize("count", [3, 12])
@pytest.mark.parametrize("reg", [1e-3, 0.5])
def test_locally_linear_embedding(count: int, reg: float) -> None:
    model = LocallyLinearEmbedding(n_neighbors=count, reg=reg, eigen_solver="dense", random_state=0).fit(X)
    assert_served(model, np.concatenate([OTHER, X[:5]]), methods={"transform"})


def test_weights_of_float32_rows_and_without_regularization_are_refused() -> None:
    model = LocallyLinearEmbedding(eigen_solver="dense", random_state=0).fit(X)
    with pytest.raises(UnsupportedError, match="float64 rows"):
        export(model, sample=X.astype("f4"))
    model.reg = 0.0
    with pytest.raises(UnsupportedError, match="reg=0.0"):
        export(model)


@pytest.mark.parametrize("kind", [LabelPropagation, LabelSpreading])
@pytest.mark.parametrize("kernel", ["rbf", "knn"])
def test_labels_that_spread(kind: Any, kernel: str) -> None:
    labels = np.where(np.arange(60) % 3 > 0, -1, np.digitize(X[:, 0], [-0.5, 0.5]))
    model = kind(kernel=kernel, gamma=2.0, n_neighbors=5, max_iter=5, tol=0.0)
    assert_served(model.fit(X, labels), OTHER, methods={"predict", "predict_proba"})


def test_labels_do_not_reach_distant_rows() -> None:
    labels = np.where(np.arange(60) % 3 > 0, -1, 1 + (X[:, 0] > 0))
    assert_served(LabelPropagation(max_iter=5).fit(X, labels), np.array([[0.0] * 4, [100.0] * 4]))


@pytest.mark.parametrize("fitted", [np.float32, np.float64])
@pytest.mark.parametrize("asked", [np.float32, np.float64])
@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
def test_kernels_of_distant_rows_are_zero_in_float32(fitted: type, asked: type) -> None:
    labels = np.digitize(X[:, 0], [-0.5, 0.5])
    model = LabelSpreading(gamma=1.0).fit((X * 9).astype(fitted), labels)
    rows = (OTHER * 9).astype(asked)
    got, want = pretzel.compile(model), model.predict_proba(rows)
    np.testing.assert_allclose(got.predict_proba(rows), want, rtol=1e-5, atol=1e-30)
    np.testing.assert_array_equal(got.predict(rows), model.predict(rows))
    assert np.isnan(want).any() == (fitted is asked is np.float32)


def test_sparse_rows_that_spread() -> None:
    x = sparse.csr_array(np.where(np.abs(X) > 0.5, X, 0.0))
    labels = np.where(np.arange(60) % 3 > 0, -1, 1 + (X[:, 0] > 0))
    assert_served(LabelSpreading(gamma=1.0).fit(x, labels), x)


@pytest.mark.parametrize("fitted", [np.float32, np.float64])
@pytest.mark.parametrize("asked", [np.float32, np.float64])
def test_densities_are_of_the_wider_type_of_both_tables(fitted: type, asked: type) -> None:
    model = LocalOutlierFactor(5, novelty=True).fit(X.astype(fitted))
    got, want = pretzel.compile(model).score_samples(X.astype(asked)), model.score_samples(X.astype(asked))
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=1e-5)


@pytest.mark.parametrize("table", ["default", "pandas", "polars"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_embeddings_of_tables_are_float64(table: str, dtype: str) -> None:
    """The library looks for the type of X, which a table does not have."""
    x = np.random.default_rng(0).normal(size=(80, 4)).astype(dtype)
    model = make_pipeline(StandardScaler(), Isomap(n_neighbors=6)).set_output(transform=table).fit(x)
    got, want = (np.asarray(one.transform(x)) for one in (pretzel.compile(model), model))
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=2e-6 * np.abs(want).max())
