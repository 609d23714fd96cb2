"""Kernel methods against scikit-learn: every kernel, float32, refused values, sketches of every length."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.decomposition import KernelPCA
from sklearn.kernel_approximation import (
    AdditiveChi2Sampler,
    Nystroem,
    PolynomialCountSketch,
    RBFSampler,
    SkewedChi2Sampler,
)
from sklearn.kernel_ridge import KernelRidge
from sklearn.preprocessing import KernelCenterer

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.compare import assert_served, run

_random = np.random.default_rng(6)
X = _random.normal(size=(60, 5))
ABOVE = np.abs(X)
OTHER = _random.normal(size=(40, 5))
SMOOTH = ["linear", "poly", "rbf", "sigmoid", "laplacian", "cosine"]
SPARSE = sparse.random(50, 30, 0.2, "csr", random_state=2)


@pytest.mark.parametrize("kernel", [*SMOOTH, "chi2", "additive_chi2"])
@pytest.mark.parametrize("gamma", [None, 0.3])
def test_kernel_ridge(kernel: str, gamma: float | None) -> None:
    gamma = 1.0 if kernel == "chi2" and gamma is None else gamma
    model = KernelRidge(kernel=kernel, gamma=gamma).fit(ABOVE, np.column_stack([X[:, 0], X[:, 1] ** 2]))
    assert_served(model, np.abs(OTHER), methods={"predict"})


@pytest.mark.parametrize("kernel", SMOOTH)
def test_sparse_rows(kernel: str) -> None:
    assert_served(KernelRidge(kernel=kernel).fit(SPARSE, np.arange(50.0)), SPARSE)
    assert_served(
        Nystroem(kernel=kernel, n_components=10, random_state=0).fit(SPARSE), SPARSE, relative=1e-5, scale=1e-7
    )


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf", "sigmoid", "cosine"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_kernel_pca(kernel: str, dtype: str) -> None:
    model = KernelPCA(3, kernel=kernel).fit(X.astype(dtype))
    single = {"relative": 1e-4, "scale": 1e-5} if dtype == "f4" else {}
    assert_served(model, OTHER.astype(dtype), methods={"transform"}, **single)


def test_components_without_variance_are_zero() -> None:
    model = KernelPCA(5, kernel="linear").fit(X[:, :2] @ _random.normal(size=(2, 5)))
    assert (model.eigenvalues_ == 0).sum() == 3
    assert_served(model, OTHER)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_centered_kernel(dtype: str) -> None:
    model = KernelCenterer().fit((X @ X.T).astype(dtype))
    single = {"relative": 1e-5, "scale": 1e-6} if dtype == "f4" else {}
    assert_served(model, (OTHER @ X.T).astype(dtype), **single)


@pytest.mark.parametrize("size", [1, 2, 3, 16, 31])
@pytest.mark.parametrize("degree", [1, 2, 5])
@pytest.mark.parametrize("coef0", [0.0, 1.5])
def test_sketches(size: int, degree: int, coef0: float) -> None:
    model = PolynomialCountSketch(degree=degree, n_components=size, coef0=coef0, gamma=0.7, random_state=0)
    assert_served(model.fit(X), OTHER, methods={"transform"})


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_zeros_stay_zero_in_the_additive_features(steps: int) -> None:
    x = np.array([[0.0, 1.0, 1e-300], [-0.0, 5e-324, 1e300]])
    assert_served(AdditiveChi2Sampler(sample_steps=steps).fit(ABOVE[:, :3]), x)


def test_what_the_library_refuses() -> None:
    x = np.array([[1.0] * 5, [1.0, -2.0, 1.0, 1.0, 1.0]])
    for model, message in (
        (AdditiveChi2Sampler().fit(ABOVE), "Negative values in data.*row 1, column 1"),
        (SkewedChi2Sampler(skewedness=2.0).fit(ABOVE), "smaller than -skewedness.*row 1, column 1"),
        (KernelRidge(kernel="chi2", gamma=1.0).fit(ABOVE, X[:, 0]), "negative values.*row 1, column 1"),
    ):
        method = "predict" if hasattr(model, "predict") else "transform"
        with pytest.raises(ValueError):
            getattr(model, method)(x)
        definition = export(model)
        with pytest.raises(InputError, match=message):
            run(definition, {definition.inputs[0].column: x})


def test_just_above_minus_skewedness() -> None:
    model = SkewedChi2Sampler(skewedness=2.0, random_state=0).fit(ABOVE)
    assert_served(model, np.full((3, 5), np.nextafter(-2.0, 0.0)))


def test_float32_stays_float32() -> None:
    x = OTHER.astype("f4")
    loose: dict[str, Any] = {"relative": 1e-4, "scale": 1e-5}
    assert_served(RBFSampler(random_state=0).fit(X.astype("f4")), x, **loose)
    assert_served(Nystroem(n_components=10, random_state=0).fit(X.astype("f4")), x, **loose)
    assert_served(SkewedChi2Sampler(skewedness=9.0, random_state=0).fit(X.astype("f4")), x, **loose)


@pytest.mark.parametrize("kind", [RBFSampler, SkewedChi2Sampler, Nystroem])
@pytest.mark.parametrize("learned", ["f4", "f8", "i8"])
@pytest.mark.parametrize("asked", ["f4", "f8", "i8"])
@pytest.mark.filterwarnings("ignore")
def test_the_result_has_the_librarys_type(kind: Any, learned: str, asked: str) -> None:
    model = kind(n_components=10, random_state=0).fit((ABOVE * 3).astype(learned))
    rows = (np.abs(OTHER) * 3).astype(asked)
    want, got = model.transform(rows), pretzel.compile(model).transform(rows)
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_float32_under_the_logarithm_is_noted() -> None:
    """The library takes the logarithm in float32, also before weights of float64."""
    predictor = pretzel.compile(SkewedChi2Sampler(random_state=0).fit(ABOVE))
    with pytest.warns(pretzel.AnswersMayDifferWarning, match="rounding decides them"):
        predictor.transform(ABOVE.astype("f4"))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (KernelRidge(kernel="precomputed"), "KernelRidge.kernel='precomputed'"),
        (KernelPCA(kernel="precomputed"), "KernelPCA.kernel='precomputed'"),
        (KernelRidge(kernel=lambda a, b: float(a @ b)), "it is a function"),
    ],
)
def test_what_is_refused(model: Any, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        export(model.fit(X @ X.T, X[:, 0]))


def test_sparse_rows_of_the_additive_features() -> None:
    with pytest.raises(UnsupportedError, match="sparse"):
        export(AdditiveChi2Sampler().fit(ABOVE), sample=sparse.csr_array(ABOVE))


@pytest.mark.parametrize("size", [1.0, 1e5, 1e9, 1e15])
def test_cosines_of_large_angles_are_the_librarys_or_refused(size: float) -> None:
    x = np.random.default_rng(0).normal(size=(50, 3))
    model = RBFSampler(random_state=0).fit(x)
    predictor = pretzel.compile(model)
    if size > 1e6:
        with pytest.raises(
            InputError, match="rounding decides the cosine of an angle beyond 1e.06; scale the features"
        ):
            predictor.transform(x * size)
    else:
        np.testing.assert_allclose(predictor.transform(x * size), model.transform(x * size), rtol=1e-6, atol=1e-9)
