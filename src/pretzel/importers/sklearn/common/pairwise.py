"""Distances and kernels between rows and training rows, by scikit-learn's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.importers.differences import ROUNDED_DISTANCES
from pretzel.importers.registry import Step
from pretzel.importers.sklearn.common.doubts import cancels, outgrows
from pretzel.importers.sklearn.common.matrices import is_sparse, vector
from pretzel.importers.sklearn.common.members import cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def kernel(x: Node, centers: Any, name: Any, step: Step, *, gamma: Any = None, coef0: Any = 1, degree: Any = 3) -> Node:
    """Return the kernel of each row with each center (``pairwise_kernels``), in float64.

    Raises:
        UnsupportedError: the kernel is a function, does not read features, or rejects sparse rows.
    """
    names = ", ".join((*_OF_PRODUCTS, *_OF_DISTANCES, *_CHI2))
    if callable(name):
        raise step.refuse("kernel", "it is a function, whatever its kernel_params", f"use one of {names}")
    x, centers = cast(x, "f64"), matrix(centers)
    scale = 1.0 / centers.shape[1] if gamma is None else float(gamma)
    if name in _OF_PRODUCTS:
        return _OF_PRODUCTS[name](dot(x, centers), scale, coef0, degree)
    if name in _OF_DISTANCES:
        metric, function = _OF_DISTANCES[name]
        if metric == "squares":
            note_cancelling(centers, scale if name == "rbf" else 0.0, step)
        return function(distances(x, centers, metric), scale)
    if name not in _CHI2:
        raise step.refuse("kernel", "it does not read features", f"use one of {names}")
    if is_sparse(x):
        raise step.refuse("kernel", "it rejects sparse rows", "give it dense rows", about_input=True)
    chi2 = distances(within(x, 0.0, step.estimator, "X contains negative values."), centers, "chi2")
    return _CHI2[name](chi2, 1.0 if gamma is None else scale)


def note_cancelling(centers: Any, gamma: float, step: Step) -> None:
    """Add a note if rounding may decide the squared distances to these rows, or their kernels."""
    if cancels(centers) or (gamma and outgrows(centers, gamma)):
        step.may_differ(ROUNDED_DISTANCES.reason, ROUNDED_DISTANCES.remedy)


def matrix(rows: Any) -> np.ndarray:
    """Return rows, sparse or not, as a matrix of float64."""
    dense = rows.toarray() if hasattr(rows, "toarray") else np.asarray(rows)
    return np.ascontiguousarray(dense, np.float64)


def dot(x: Node, centers: np.ndarray) -> Node:
    """Return ``x @ centers.T``."""
    return ops.Linear(x, Parameter.of(np.ascontiguousarray(centers.T)))


def distances(x: Node, centers: np.ndarray, metric: str, p: float = 2.0) -> ops.Distances:
    """Return the distances of rows to centers; only Euclidean ones read sparse rows without densifying them."""
    if is_sparse(x) and metric == "squares":
        metric = "sqeuclidean"
    elif is_sparse(x):
        x = ops.Densify(x)
    return ops.Distances(x, Parameter.of(centers), metric, p)


def shifted(x: Node, scale: float, shift: float = 0.0) -> Node:
    """Return ``x * scale + shift``."""
    width = x.type.columns
    return ops.Affine(x, vector(scale, width), vector(float(shift), width) if shift else None)


def within(x: Node, low: float, estimator: Any, reason: str) -> Node:
    """Return x; values below ``low`` are rejected."""
    width = x.type.columns
    limits = vector(low, width), vector(np.finfo(np.float64).max, width)
    return ops.RequireWithin(x, *limits, type(estimator).__name__, reason=reason)


def bounded(x: Node, most: Any, estimator: Any, reason: str) -> Node:
    """Return x; values of more than ``most`` in size, a number or one per column, are rejected."""
    width = x.type.columns
    checked = ops.RequireWithin(
        cast(x, "f64"), vector(np.negative(most), width), vector(most, width), type(estimator).__name__, reason=reason
    )
    return cast(checked, x.type.dtype)


def decay(x: Node, rate: float) -> Node:
    """Return ``exp(-rate * x)``."""
    return ops.Elementwise(shifted(x, -rate), "exp")


def power(x: Node, exponent: float) -> Node:
    """Return ``x ** exponent``."""
    return ops.Power(x, vector(exponent, x.type.columns), "power")


_OF_PRODUCTS: dict[str, Callable[[Node, float, Any, Any], Node]] = {
    "linear": lambda products, scale, coef0, degree: products,
    "poly": lambda products, scale, coef0, degree: power(shifted(products, scale, coef0), float(degree)),
    "polynomial": lambda products, scale, coef0, degree: power(shifted(products, scale, coef0), float(degree)),
    "sigmoid": lambda products, scale, coef0, degree: ops.Elementwise(shifted(products, scale, coef0), "tanh"),
}
_OF_DISTANCES: dict[str, tuple[str, Callable[[Node, float], Node]]] = {
    "rbf": ("squares", decay),
    "laplacian": ("manhattan", decay),
    "cosine": ("cosine", lambda distance, scale: shifted(distance, -1.0, 1.0)),
}
_CHI2: dict[str, Callable[[Node, float], Node]] = {
    "chi2": decay,
    "additive_chi2": lambda distance, scale: shifted(distance, -1.0),
}
