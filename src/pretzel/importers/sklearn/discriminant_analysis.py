"""Discriminant analysis: linear scores, and quadratic ones with a covariance per class."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import discriminant_analysis

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.rounding import divides
from pretzel.importers.sklearn.common.directions import amplifies
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.matrices import centered, checked, coefficients, is_sparse, product, vector
from pretzel.importers.small_integers import computes_with
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

computes_with("coef_", discriminant_analysis.LinearDiscriminantAnalysis)
computes_with("means_", discriminant_analysis.QuadraticDiscriminantAnalysis)


@imports(discriminant_analysis.LinearDiscriminantAnalysis)
def linear_discriminant_analysis(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X @ coef_.T + intercept_``, with a link; ``transform`` projects on the discriminant axes."""
    if len(estimator.classes_) == 1:
        raise step.refuse("", "it was fitted on one class", "fit it on two classes or more")
    node, coef = checked(x, estimator), coefficients(estimator.coef_)
    two = len(estimator.classes_) == 2
    scores = product(node, coef[0] if two else coef, estimator.intercept_)
    proba = ops.Link(scores, "sigmoid_pair" if two else "softmax")
    codes = ops.Threshold(scores) if two else ops.ArgMax(scores)
    methods: Methods = {
        "predict": labelled(codes, estimator.classes_, step),
        "decision_function": scores,
        "predict_proba": proba,
        "predict_log_proba": _logarithm(proba),
    }
    if estimator.solver != "lsqr" and not is_sparse(node):
        methods["transform"] = _projected(estimator, node)
    return methods


@imports(discriminant_analysis.QuadraticDiscriminantAnalysis)
def quadratic_discriminant_analysis(estimator: Any, x: Columns, step: Step) -> Methods:
    """``log(prior) - (|rotated and scaled distance to the mean|**2 + log(determinant)) / 2``, class by class."""
    node = checked(x, estimator)
    with np.errstate(divide="ignore"):
        priors = np.log(estimator.priors_)
    scores = ops.Concat(tuple(_quadratic(estimator, i, node, prior) for i, prior in enumerate(priors)))
    log_proba = ops.Link(scores, "log_softmax")
    two = len(estimator.classes_) == 2
    return {
        "predict": labelled(ops.ArgMax(scores), estimator.classes_, step),
        "decision_function": _difference(scores) if two else scores,
        "predict_proba": ops.Elementwise(log_proba, "exp"),
        "predict_log_proba": log_proba,
    }


def _logarithm(proba: Node) -> Node:
    """Return the logarithms of probabilities, zeros replaced by the smallest normal number."""
    smallest = np.finfo(proba.type.numpy).smallest_normal
    return ops.Link(ops.Impute(proba, vector(smallest, proba.type.columns), 0.0), "log")


def _projected(estimator: Any, x: Node) -> Node:
    moved = centered(x, estimator.xbar_) if estimator.solver == "svd" else x
    return product(moved, estimator.scalings_[:, : estimator._max_components].T, 0.0)


def _quadratic(estimator: Any, i: int, x: Node, prior: Any) -> Node:
    variances = estimator.scalings_[i]
    turned = product(centered(x, estimator.means_[i]), (estimator.rotations_[i] * variances**-0.5).T, 0.0)
    halves = np.full(turned.type.columns, -0.5, turned.type.numpy)
    return product(ops.Elementwise(turned, "square"), halves, np.asarray(prior - 0.5 * np.log(variances).sum()))


def _difference(scores: Node) -> Node:
    """Return the second column less the first."""
    return ops.Linear(scores, Parameter.of(np.array([-1.0, 1.0], scores.type.numpy)))


@divides(discriminant_analysis.LinearDiscriminantAnalysis)
def _discriminates(model: Any, rounded: bool) -> float:
    sizes = np.abs(model.means_).max(axis=0)
    scales = getattr(model, "scalings_", None)
    results = np.abs(model.coef_ @ model.means_.T + model.intercept_[:, None]).max(axis=1)
    weights = model.coef_ / np.maximum(results, 1.0)[:, None] if scales is None else scales.T
    return amplifies(weights, sizes, rounded)


@divides(discriminant_analysis.QuadraticDiscriminantAnalysis)
def _discriminates_each(model: Any, rounded: bool) -> float:
    with np.errstate(divide="ignore"):
        scaled = [r.T / np.sqrt(s)[:, None] for r, s in zip(model.rotations_, model.scalings_, strict=True)]
    spreads = [np.sqrt((r**2 * s).sum(axis=1)) for r, s in zip(model.rotations_, model.scalings_, strict=True)]
    each = zip(scaled, spreads, model.means_, strict=True)
    return max(amplifies(weights, spread + np.abs(mean), rounded) for weights, spread, mean in each)
