"""Gaussian processes against scikit-learn: trees of kernels, targets of several columns, training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    CompoundKernel,
    ConstantKernel,
    DotProduct,
    Exponentiation,
    ExpSineSquared,
    Matern,
    PairwiseKernel,
    RationalQuadratic,
    WhiteKernel,
)

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.compare import assert_served

_random = np.random.default_rng(7)
X = _random.normal(size=(50, 2))
Y = np.sin(2 * X[:, 0]) + X[:, 1]
CLASSES = np.digitize(Y, [-0.7, 0.7])
BOTH = np.concatenate([X[:20], _random.normal(size=(30, 2)) * 3])

TREES: list[Any] = [
    None,
    RBF() + WhiteKernel(0.2),
    RBF([0.3, 2.0]) * ConstantKernel(3.0) + DotProduct(0.3),
    Exponentiation(RBF(2.0) + ConstantKernel(0.1), 3),
    Matern(2.0, nu=2.5) * Matern(1.5, nu=1.5) + Matern(nu=0.5),
    RationalQuadratic(1.2, alpha=1.7) + 0.5 * Matern(nu=np.inf),
    ExpSineSquared(2.0, periodicity=5.0) + WhiteKernel(3.0),
    0.3 * PairwiseKernel(metric="rbf", gamma=0.4),
]


@pytest.mark.parametrize("kernel", TREES, ids=str)
def test_regressor(kernel: Any) -> None:
    model = GaussianProcessRegressor(kernel, alpha=0.05, optimizer=None, normalize_y=True).fit(X, Y)
    assert_served(model, BOTH, methods={"predict"})
    pair = np.column_stack([Y, 3 * Y**2])
    assert_served(GaussianProcessRegressor(kernel, alpha=0.05, optimizer=None).fit(X, pair), BOTH)


@pytest.mark.parametrize("kernel", TREES, ids=str)
def test_classifier(kernel: Any) -> None:
    model = GaussianProcessClassifier(kernel, optimizer=None)
    assert_served(model.fit(X, CLASSES), BOTH, methods={"predict", "predict_proba"})
    assert_served(model.fit(X, np.where(CLASSES > 0, "b", "a")), BOTH, methods={"predict", "predict_proba"})


def test_one_vs_one_has_no_probabilities() -> None:
    model = GaussianProcessClassifier(multi_class="one_vs_one", optimizer=None).fit(X, CLASSES)
    assert_served(model, BOTH, methods={"predict"})


def test_optimized_hyperparameters() -> None:
    model = GaussianProcessRegressor(RBF() + WhiteKernel(), random_state=0).fit(X, Y + 0.1 * _random.normal(size=50))
    assert_served(model, BOTH)


def test_float32_rows() -> None:
    model = GaussianProcessRegressor(RBF() + DotProduct(), alpha=0.1, optimizer=None).fit(X.astype("f4"), Y)
    assert_served(model, BOTH.astype("f4"), relative=1e-5, scale=1e-6)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (Matern(nu=0.7), "nu of 0.5, 1.5, 2.5 or inf"),
        (RBF() * Matern(nu=3.5), "nu=3.5"),
        (PairwiseKernel(metric=lambda a, b, gamma: float(a @ b)), "kernel"),
    ],
)
def test_what_is_refused(kernel: Any, message: str) -> None:
    model = GaussianProcessRegressor(kernel, alpha=1.0, optimizer=None).fit(X, Y)
    with pytest.raises(UnsupportedError, match=message):
        export(model)


def test_an_unsupported_variance_is_refused() -> None:
    model = GaussianProcessClassifier(PairwiseKernel(metric="linear"), optimizer=None).fit(X, CLASSES > 0)
    with pytest.raises(UnsupportedError, match="no known variance"):
        export(model)


def test_kernels_stacked_on_one_another_are_refused() -> None:
    model = GaussianProcessRegressor(RBF(), optimizer=None).fit(X, Y)
    model.kernel_ = CompoundKernel([RBF(), RBF(2.0)])
    with pytest.raises(UnsupportedError, match="CompoundKernel is not supported"):
        export(model)
