"""Kernel machines, neighbours, Gaussian processes, mixtures and networks against scikit-learn and ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

import pretzel
from benchmarks.harness import Row
from benchmarks.kernels.rivals import both, onnx, sklearn_to_onnx

TRAINED = 1000
"""Training rows of kernels and neighbors."""
COLUMNS = 10
SCORED = 10_000
NOTES: list[str] = []
"""Comparisons that were skipped, each with its reason."""


def measure() -> list[Row]:
    """Compare the public methods with scikit-learn's and a session's, on one thread."""
    with threadpool_limits(1):
        return [row for name, model in _models().items() for row in _rows(name, model)]


def _models() -> dict[str, Any]:
    kernel = RBF(3.0) + WhiteKernel(0.1)
    return {
        f"SVC rbf, {TRAINED} rows": SVC(gamma="scale"),
        f"kernel ridge rbf, {TRAINED} rows": KernelRidge(kernel="rbf", gamma=0.1),
        f"5 neighbours of {TRAINED}, brute": KNeighborsClassifier(algorithm="brute"),
        f"5 neighbours of {TRAINED}, k-d tree": KNeighborsClassifier(algorithm="kd_tree"),
        f"Gaussian process, {TRAINED} rows": GaussianProcessRegressor(kernel, optimizer=None),
        "mixture of 8 Gaussians": GaussianMixture(8, random_state=0),
        "network of 64 and 32": MLPClassifier((64, 32), max_iter=20, random_state=0),
    }


def _rows(name: str, model: Any) -> Iterator[Row]:
    x, y = _data()
    fitted = model.fit(x[:TRAINED], y[:TRAINED])
    method = "predict_proba" if hasattr(fitted, "predict_proba") else "predict"
    served, label = pretzel.compile(fitted), f"{name}, {method}"
    yield from both(label, "scikit-learn", served, method, getattr(fitted, method), x)
    yield from onnx(label, served, method, partial(sklearn_to_onnx, fitted, x), x, NOTES)


def _data() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(SCORED, COLUMNS))
    return x, (x[:, 0] * x[:, 1] + x[:, 2] > 0).astype(int)
