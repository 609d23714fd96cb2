"""Kernel methods, over a few random numbers, dense and sparse."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn import decomposition, kernel_approximation, kernel_ridge, preprocessing

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

_random = np.random.default_rng(13)
X = _random.normal(size=(50, 4))
ABOVE = np.abs(X) * (_random.random(X.shape) > 0.2)
SPARSE = sparse.csr_array(np.where(np.abs(X) > 0.7, X, 0.0))
OTHER = _random.normal(size=(30, 4))
Y = X[:, 0] ** 2 + X[:, 1]
PAIR = np.column_stack([Y, X[:, 2]])


def alike(a: Any, b: Any, gamma: float = 1.0) -> float:
    """Compute a kernel by Python code, which is not served."""
    return float(np.exp(-gamma * ((a - b) ** 2).sum()))


KERNEL: dict[str, Any] = {
    "gamma": [(0.2, {"kernel": "rbf"}), (0.2, {"kernel": "laplacian"}), (0.2, {"kernel": "sigmoid"})],
    "degree": [(2, {"kernel": "poly"})],
    "coef0": [(0.5, {"kernel": "poly"}), (0.5, {"kernel": "sigmoid"})],
    "kernel_params": [({"gamma": 0.3}, {"kernel": alike})],
}
NAMES = ["poly", "polynomial", "rbf", "sigmoid", "laplacian", "cosine", alike]
RIDGE: dict[str, Any] = KERNEL | {"alpha": FIT_ONLY, "kernel": NAMES}
PCA: dict[str, Any] = KERNEL | {
    "kernel": ["poly", "rbf", "sigmoid", "cosine", alike],
    "gamma": [(0.2, {"kernel": "rbf"})],
    "n_components": [2],
    "alpha": FIT_ONLY,
    "fit_inverse_transform": FIT_ONLY,
    "eigen_solver": FIT_ONLY,
    "iterated_power": FIT_ONLY,
    "remove_zero_eig": [(True, {"n_components": 6})],
}
NYSTROEM: dict[str, Any] = {
    "kernel": ["linear", "poly", "sigmoid", "laplacian", "cosine", alike],
    "gamma": [0.2],
    "degree": [(2, {"kernel": "poly"})],
    "coef0": [(0.5, {"kernel": "poly"})],
    "kernel_params": [{"gamma": 0.3}],
    "n_components": [5],
}
SAMPLER: dict[str, Any] = {"gamma": ["scale", 0.3], "n_components": [7]}
SKETCH: dict[str, Any] = SAMPLER | {"gamma": [0.3], "degree": [1, 3], "coef0": [1.0]}
SKEWED: dict[str, Any] = {"skewedness": [5.0], "n_components": [7]}
ADDITIVE: dict[str, Any] = {"sample_steps": [1, 3], "sample_interval": [0.6]}
FEW: dict[str, Any] = {"n_components": 20, "random_state": 0}


def _single(kind: type, *y: Any, **options: Any) -> Any:
    return fitting(kind, X.astype("f4"), *(each.astype("f4") for each in y), rows=OTHER.astype("f4"), **options)


def _of(kind: type, y: Any = None, **options: Any) -> Any:
    return fitting(kind, X, y, rows=OTHER, **options)


EXAMPLES = [
    Example(kernel_ridge.KernelRidge, _of(kernel_ridge.KernelRidge, Y), RIDGE),
    Example(kernel_ridge.KernelRidge, _of(kernel_ridge.KernelRidge, PAIR, kernel="rbf")),
    Example(kernel_ridge.KernelRidge, _single(kernel_ridge.KernelRidge, Y, kernel="rbf")),
    Example(kernel_ridge.KernelRidge, fitting(kernel_ridge.KernelRidge, ABOVE, Y, kernel="chi2", gamma=0.4)),
    Example(kernel_ridge.KernelRidge, fitting(kernel_ridge.KernelRidge, ABOVE, Y, kernel="additive_chi2")),
    Example(kernel_ridge.KernelRidge, fitting(kernel_ridge.KernelRidge, SPARSE, Y, kernel="rbf")),
    Example(kernel_approximation.Nystroem, _of(kernel_approximation.Nystroem, **FEW), NYSTROEM),
    Example(kernel_approximation.Nystroem, fitting(kernel_approximation.Nystroem, ABOVE, kernel="chi2", **FEW)),
    Example(kernel_approximation.Nystroem, fitting(kernel_approximation.Nystroem, SPARSE, kernel="laplacian", **FEW)),
    Example(decomposition.KernelPCA, _of(decomposition.KernelPCA, n_components=4), PCA),
    Example(decomposition.KernelPCA, _of(decomposition.KernelPCA, n_components=5, kernel="rbf")),
    Example(decomposition.KernelPCA, fitting(decomposition.KernelPCA, SPARSE, n_components=2, kernel="poly")),
    Example(preprocessing.KernelCenterer, fitting(preprocessing.KernelCenterer, X @ X.T, rows=OTHER @ X.T)),
    Example(
        preprocessing.KernelCenterer,
        fitting(preprocessing.KernelCenterer, (X @ X.T).astype("f4"), rows=(OTHER @ X.T).astype("f4")),
    ),
    Example(kernel_approximation.RBFSampler, _of(kernel_approximation.RBFSampler, **FEW), SAMPLER),
    Example(kernel_approximation.RBFSampler, _single(kernel_approximation.RBFSampler, **FEW)),
    Example(kernel_approximation.RBFSampler, fitting(kernel_approximation.RBFSampler, SPARSE, **FEW)),
    Example(
        kernel_approximation.SkewedChi2Sampler, fitting(kernel_approximation.SkewedChi2Sampler, ABOVE, **FEW), SKEWED
    ),
    Example(
        kernel_approximation.AdditiveChi2Sampler, fitting(kernel_approximation.AdditiveChi2Sampler, ABOVE), ADDITIVE
    ),
    Example(
        kernel_approximation.AdditiveChi2Sampler,
        fitting(kernel_approximation.AdditiveChi2Sampler, ABOVE.astype("f4"), sample_steps=3),
    ),
    Example(kernel_approximation.PolynomialCountSketch, _of(kernel_approximation.PolynomialCountSketch, **FEW), SKETCH),
    Example(
        kernel_approximation.PolynomialCountSketch,
        fitting(
            kernel_approximation.PolynomialCountSketch, SPARSE, n_components=9, degree=4, coef0=0.5, random_state=1
        ),
    ),
]
