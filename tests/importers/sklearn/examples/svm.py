"""Support vector machines, over a few random numbers, dense and sparse."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn import svm
from sklearn.metrics.pairwise import laplacian_kernel

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

_random = np.random.default_rng(11)
X = _random.normal(size=(60, 4))
SPARSE = sparse.csr_array(np.where(np.abs(X) > 0.7, X, 0.0))
TWO = np.where(X[:, 0] + X[:, 1] ** 2 + 0.3 * _random.normal(size=60) > 0.5, "yes", "no")
FOUR = np.digitize(X[:, 0] + 0.3 * _random.normal(size=60), [-0.8, 0.0, 0.8]) * 10
VALUES = X[:, 0] * X[:, 1] + _random.normal(size=60)

KERNEL: dict[str, Any] = {
    "kernel": ["linear", "poly", "sigmoid", laplacian_kernel],
    "degree": [(2, {"kernel": "poly"})],
    "gamma": [0.1, "auto"],
    "coef0": [(0.5, {"kernel": "poly"}), (0.5, {"kernel": "sigmoid"})],
    "cache_size": HARMLESS,
    "shrinking": FIT_ONLY,
    "C": FIT_ONLY,
    "nu": FIT_ONLY,
    "epsilon": FIT_ONLY,
    "tol": FIT_ONLY,
    "class_weight": FIT_ONLY,
}
CLASSES: dict[str, Any] = {
    "probability": [True],
    "decision_function_shape": ["ovo"],
    "break_ties": [(True, {"kernel": "sigmoid", "gamma": 1.0}), (True, {"decision_function_shape": "ovo"})],
}
LIKELY: dict[str, Any] = {"probability": True, "random_state": 0}

EXAMPLES = [
    Example(svm.SVC, fitting(svm.SVC, X, FOUR), KERNEL | CLASSES),
    Example(svm.SVC, fitting(svm.SVC, X, TWO)),
    Example(svm.SVC, fitting(svm.SVC, X, FOUR, **LIKELY)),
    Example(svm.SVC, fitting(svm.SVC, X, TWO, **LIKELY)),
    Example(svm.SVC, fitting(svm.SVC, SPARSE, FOUR, **LIKELY)),
    Example(svm.SVC, fitting(svm.SVC, SPARSE, TWO, kernel="poly")),
    Example(svm.NuSVC, fitting(svm.NuSVC, X, FOUR, nu=0.2), KERNEL | CLASSES),
    Example(svm.NuSVC, fitting(svm.NuSVC, X.astype(np.float32), TWO, nu=0.2, **LIKELY)),
    Example(svm.SVR, fitting(svm.SVR, X, VALUES), KERNEL),
    Example(svm.SVR, fitting(svm.SVR, SPARSE, VALUES, kernel="sigmoid")),
    Example(svm.NuSVR, fitting(svm.NuSVR, X, VALUES), KERNEL),
    Example(svm.OneClassSVM, fitting(svm.OneClassSVM, X), KERNEL),
    Example(svm.OneClassSVM, fitting(svm.OneClassSVM, SPARSE)),
]
