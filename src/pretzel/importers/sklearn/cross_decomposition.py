"""Partial least squares: scores of one table, and the prediction of the other from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import cross_decomposition

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.rounding import divides
from pretzel.importers.sklearn.common.directions import divides_rounded
from pretzel.importers.sklearn.common.matrices import checked_dense, product, vector
from pretzel.plan import ops
from pretzel.plan.node import Node


@imports(cross_decomposition.CCA, cross_decomposition.PLSCanonical, cross_decomposition.PLSRegression)
def partial_least_squares(estimator: Any, x: Columns, step: Step) -> Methods:
    """``(X - mean) / std @ x_rotations_``, and ``(X - mean) @ coef_.T + intercept_``, in the type of X."""
    node = checked_dense(x, estimator, step)
    predicted = product(_standardized(node, estimator._x_mean, None), estimator.coef_, estimator.intercept_)
    scaled = _standardized(node, estimator._x_mean, estimator._x_std)
    return {
        "predict": ops.Column(predicted, 0) if estimator._predict_1d else predicted,
        "transform": product(scaled, estimator.x_rotations_.T, 0.0),
    }


@imports(cross_decomposition.PLSSVD)
def pls_svd(estimator: Any, x: Columns, step: Step) -> Methods:
    """``(X - mean) / std @ x_weights_``, in float64."""
    node = checked_dense(x, estimator, step, "f64")
    scaled = _standardized(node, estimator._x_mean, estimator._x_std)
    return {"transform": product(scaled, estimator.x_weights_.T, 0.0)}


def _standardized(x: Node, mean: Any, std: Any) -> Node:
    width = x.type.columns
    return ops.Standardize(x, vector(mean, width), None if std is None else vector(std, width))


@divides(
    *(cross_decomposition.CCA, cross_decomposition.PLSCanonical),
    *(cross_decomposition.PLSRegression, cross_decomposition.PLSSVD),
)
def _projects(model: Any, rounded: bool) -> float:
    return divides_rounded(np.abs(model._x_mean) + model._x_std, model._x_std, rounded)
