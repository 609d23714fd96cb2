"""Gaussian processes, over a few random numbers, with kernels of every kind."""

from typing import Any

import numpy as np
from sklearn import gaussian_process
from sklearn.gaussian_process._gpc import _BinaryGaussianProcessClassifierLaplace
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    ExpSineSquared,
    Matern,
    PairwiseKernel,
    RationalQuadratic,
    WhiteKernel,
)

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

_random = np.random.default_rng(14)
X = _random.normal(size=(40, 3))
OTHER = _random.normal(size=(30, 3))
Y = np.sin(X[:, 0]) + X[:, 1] ** 2 + 5.0
PAIR = np.column_stack([Y, X[:, 2]])
CLASSES = np.digitize(X[:, 0] + 0.3 * _random.normal(size=40), [-0.5, 0.5]) * 10
NAMES = np.where(CLASSES > 0, "far", "near")

KERNELS: list[Any] = [
    RBF(0.5) + WhiteKernel(0.1),
    2.0 * RBF([0.5, 1.0, 2.0]),
    Matern(0.7, nu=0.5),
    Matern(0.7, nu=1.5),
    Matern([0.7, 1.0, 0.3], nu=2.5),
    Matern(0.7, nu=np.inf),
    RationalQuadratic(0.8, alpha=0.4),
    ExpSineSquared(0.9, periodicity=2.5) * ConstantKernel(0.3) + WhiteKernel(3.0),
    (DotProduct(0.5) ** 2) * 0.1,
    PairwiseKernel(metric="laplacian", gamma=0.4),
]
REFUSED: list[Any] = [Matern(0.7, nu=0.8)]
FIXED: dict[str, Any] = {"optimizer": None}
COMMON: dict[str, Any] = {
    "kernel": KERNELS + REFUSED,
    "optimizer": FIT_ONLY,
    "n_restarts_optimizer": FIT_ONLY,
    "copy_X_train": FIT_ONLY,
}
REGRESSOR: dict[str, Any] = {"alpha": FIT_ONLY, "normalize_y": FIT_ONLY, "n_targets": FIT_ONLY}
CLASSIFIER: dict[str, Any] = {"max_iter_predict": FIT_ONLY, "multi_class": ["one_vs_one"]}


def _regressor(y: Any, **options: Any) -> Example:
    kind = gaussian_process.GaussianProcessRegressor
    # A noise that keeps the weights small, because large weights cancel digits, in the library too.
    make = fitting(kind, X, y, rows=OTHER, **({"alpha": 0.1} | FIXED | options))
    return Example(kind, make, COMMON | REGRESSOR)


def _classifier(y: Any, **options: Any) -> Example:
    kind = gaussian_process.GaussianProcessClassifier
    return Example(kind, fitting(kind, X, y, rows=OTHER, **(FIXED | options)), COMMON | CLASSIFIER)


EXAMPLES = [
    _regressor(Y),
    _regressor(PAIR, normalize_y=True, kernel=RBF(0.5)),
    _regressor(Y[:, None], normalize_y=True, kernel=Matern(nu=1.5)),
    _regressor(Y, optimizer="fmin_l_bfgs_b", kernel=RBF() + WhiteKernel()),
    _classifier(CLASSES),
    _classifier(NAMES, kernel=1.5 * RBF(0.8)),
    _classifier(NAMES, kernel=DotProduct() + WhiteKernel()),
    _classifier(CLASSES, multi_class="one_vs_one"),
    Example(
        _BinaryGaussianProcessClassifierLaplace,
        fitting(_BinaryGaussianProcessClassifierLaplace, X, NAMES, rows=OTHER, optimizer=None),
        COMMON | {"max_iter_predict": FIT_ONLY},
    ),
]
