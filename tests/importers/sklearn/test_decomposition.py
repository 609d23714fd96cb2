"""Decompositions against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD

from tests.importers.sklearn.compare import assert_served

FLOAT32 = {"relative": 1e-4, "scale": 1e-4}  # whitening divides by roots of small variances


def data(dtype: str = "f8") -> np.ndarray:
    rng = np.random.default_rng(3)
    return (rng.normal(size=(90, 17)) @ rng.normal(size=(17, 17)) + 5).astype(dtype)


@pytest.mark.parametrize("whiten", [True, False])
@pytest.mark.parametrize("components", [1, 6, 17])
@pytest.mark.parametrize("trained", ["f4", "f8"])
@pytest.mark.parametrize("given", ["f4", "f8"])
def test_pca(whiten: bool, components: int, trained: str, given: str) -> None:
    model = PCA(components, whiten=whiten).fit(data(trained))
    single = trained == given == "f4"
    assert_served(model, data(given), methods={"transform"}, **(FLOAT32 if single else {"scale": 1e-8}))


def test_incremental_pca() -> None:
    assert_served(IncrementalPCA(5).fit(data()), data())


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_truncated_svd(dtype: str) -> None:
    assert_served(TruncatedSVD(5).fit(data(dtype)), data(dtype), **(FLOAT32 if dtype == "f4" else {}))


def test_truncated_svd_of_sparse_rows() -> None:
    x = sparse.random(80, 200, 0.05, "csr", random_state=0)
    assert_served(TruncatedSVD(5).fit(x), x)
