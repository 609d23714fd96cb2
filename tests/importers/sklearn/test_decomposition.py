"""Decompositions against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA, FactorAnalysis, FastICA, IncrementalPCA, SparsePCA, TruncatedSVD

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.compare import assert_served

FLOAT32 = {"relative": 1e-4, "scale": 1e-4}  # whitening divides by roots of small variances


def data(dtype: str = "f8") -> np.ndarray:
    rng = np.random.default_rng(3)
    return (rng.normal(size=(90, 17)) @ rng.normal(size=(17, 17)) + 5).astype(dtype)


@pytest.mark.parametrize("whiten", [True, False])
@pytest.mark.parametrize("components", [1, 6, 17])
@pytest.mark.parametrize("trained", ["f4", "f8"])
@pytest.mark.parametrize("asked", ["f4", "f8"])
def test_pca(whiten: bool, components: int, trained: str, asked: str) -> None:
    model = PCA(components, whiten=whiten).fit(data(trained))
    single = trained == asked == "f4"
    definition = assert_served(model, data(asked), **(FLOAT32 if single else {"scale": 1e-8}))
    if components < 17:  # all of them leave no noise, and the covariance is nearly flat
        assert ("score_samples" in definition.outputs) == (trained == "f8")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", [PCA(), PCA(3), FactorAnalysis(2)])
def test_a_likelihood_that_is_rounding_noise_is_not_served(model: object) -> None:
    flat = data()[:, [0, 1, 2, 0, 1]] + 1e-9 * data()[:, :5]
    assert_served(model.fit(flat), flat, methods={"transform"}, scale=1e-8)


def test_likelihoods_of_features_in_very_different_units() -> None:
    x = data()[:, :5] * [1e-6, 1.0, 1e3, 1e6, 1e9]
    assert_served(FactorAnalysis(2, max_iter=50).fit(x), x, methods={"transform", "score_samples"}, scale=1e-8)


def test_no_factor_at_all_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="n_components=0"):
        export(FactorAnalysis(0).fit(data()), sample=data())


@pytest.mark.parametrize("model", [FactorAnalysis(2), FastICA(2, random_state=0), SparsePCA(2, max_iter=2)])
def test_sparse_matrices_are_refused(model: object) -> None:
    with pytest.raises(UnsupportedError, match="sparse matrix"):
        export(model.fit(data()), sample=sparse.csr_matrix(data()))


def test_the_scores_of_one_target_and_of_several() -> None:
    y = data()[:, :2] @ [[1.0, 2.0], [0.5, -1.0]]
    definition = assert_served(PLSRegression(2).fit(data(), y), data(), methods={"predict", "transform"})
    assert definition.outputs["predict"].type.width == 2
    definition = assert_served(PLSRegression(2).fit(data(), y[:, 0]), data())
    assert definition.outputs["predict"].type.width is None


def test_incremental_pca() -> None:
    assert_served(IncrementalPCA(5).fit(data()), data())


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_truncated_svd(dtype: str) -> None:
    assert_served(TruncatedSVD(5).fit(data(dtype)), data(dtype), **(FLOAT32 if dtype == "f4" else {}))


def test_truncated_svd_of_sparse_rows() -> None:
    x = sparse.random(80, 200, 0.05, "csr", random_state=0)
    assert_served(TruncatedSVD(5).fit(x), x)
