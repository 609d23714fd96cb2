"""Distances and kernels between rows and what was learned, as scikit-learn names them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.importers.registry import Step
from pretzel.importers.sklearn.matrices import is_sparse, vector
from pretzel.importers.sklearn.members import cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

KERNELS = ("linear", "poly", "polynomial", "rbf", "sigmoid", "laplacian", "cosine", "chi2", "additive_chi2")


def kernel(x: Node, centers: Any, name: Any, step: Step, *, gamma: Any = None, coef0: Any = 1, degree: Any = 3) -> Node:
    """Return the kernel of each row with each center (``pairwise_kernels``), in float64.

    Raises:
        UnsupportedError: the kernel is a function, or reads no features.
    """
    if callable(name) or name not in KERNELS:
        raise step.refuse("kernel", "its kernel is no function of features that is known", f"use one of {KERNELS}")
    x, centers = cast(x, "f64"), matrix(centers)
    scale = 1.0 / centers.shape[1] if gamma is None else float(gamma)
    if name == "linear":
        return dot(x, centers)
    if name in ("poly", "polynomial"):
        return power(shifted(dot(x, centers), scale, coef0), float(degree))
    if name == "sigmoid":
        return ops.Elementwise(shifted(dot(x, centers), scale, coef0), "tanh")
    if name == "rbf":
        return decay(distances(x, centers, "squares"), scale)
    if name == "laplacian":
        return decay(distances(x, centers, "manhattan"), scale)
    if name == "cosine":
        return shifted(distances(x, centers, "cosine"), -1.0, 1.0)
    apart = distances(x, centers, "chi2")
    return shifted(apart, -1.0) if name == "additive_chi2" else decay(apart, 1.0 if gamma is None else scale)


def matrix(rows: Any) -> np.ndarray:
    """Return rows, sparse or not, as a matrix of float64."""
    dense = rows.toarray() if hasattr(rows, "toarray") else np.asarray(rows)
    return np.ascontiguousarray(dense, np.float64)


def dot(x: Node, centers: np.ndarray) -> Node:
    """Return ``x @ centers.T``."""
    return ops.Linear(x, Parameter.of(np.ascontiguousarray(centers.T)))


def distances(x: Node, centers: np.ndarray, metric: str, p: float = 2.0) -> Node:
    """Return the distances of rows to centers; only Euclidean ones are taken from sparse rows as they are."""
    if is_sparse(x) and metric == "squares":
        metric = "sqeuclidean"
    elif is_sparse(x):
        x = ops.Densify(x)
    return ops.Distances(x, Parameter.of(centers), metric, p)


def shifted(x: Node, scale: float, shift: float = 0.0) -> Node:
    """Return ``x * scale + shift``."""
    width = x.type.columns
    return ops.Affine(x, vector(scale, width), vector(float(shift), width) if shift else None)


def decay(x: Node, rate: float) -> Node:
    """Return ``exp(-rate * x)``."""
    return ops.Elementwise(shifted(x, -rate), "exp")


def power(x: Node, exponent: float) -> Node:
    """Return ``x ** exponent``."""
    return ops.Power(x, vector(exponent, x.type.columns), "power")
