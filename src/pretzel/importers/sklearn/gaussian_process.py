"""Gaussian processes: what the kernels with all that was learned say, weighted."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import gaussian_process
from sklearn.gaussian_process._gpc import COEFS, LAMBDAS, _BinaryGaussianProcessClassifierLaplace

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.covariance_kernels import alone, between
from pretzel.importers.sklearn.labels import labelled
from pretzel.importers.sklearn.matrices import checked, vector
from pretzel.importers.sklearn.members import cast, total
from pretzel.importers.sklearn.pairwise import matrix, shifted
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(gaussian_process.GaussianProcessRegressor)
def gaussian_process_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """The mean of the posterior, ``kernel_(X, X_train_) @ alpha_``, in the units of the target."""
    node = cast(checked(x, estimator), "f64")
    weights = np.asarray(estimator.alpha_, np.float64)
    weights = weights[:, 0] if weights.ndim == 2 and weights.shape[1] == 1 else weights
    similar = between(estimator.kernel_, node, matrix(estimator.X_train_), step)
    mean = ops.Linear(similar, Parameter.of(np.ascontiguousarray(weights)))
    scale, shift = (vector(each, mean.type.columns) for each in (estimator._y_train_std, estimator._y_train_mean))
    return {"predict": ops.Affine(mean, scale, shift)}


@imports(gaussian_process.GaussianProcessClassifier)
def gaussian_process_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Two classes by Laplace's approximation; more by one such against the rest, or each against each.

    The latter has no probabilities, in the library either.
    """
    node = checked(x, estimator)
    inner = step.enter("base_estimator_", estimator.base_estimator_, Columns.of(node))
    if "predict_proba" not in inner:
        step.leaves_out("predict_proba", "the library has none where each class is against each", "use 'one_vs_rest'")
    return {name: inner[name] for name in ("predict", "predict_proba") if name in inner}


@imports(_BinaryGaussianProcessClassifierLaplace)
def laplace(estimator: Any, x: Columns, step: Step) -> Methods:
    """The sign of the latent mean; probabilities are the sigmoid's mean over the latent Gaussian."""
    node = cast(x.numbers(), "f64")
    similar = between(estimator.kernel_, node, matrix(estimator.X_train_), step)
    mean = ops.Linear(similar, Parameter.of(np.asarray(estimator.y_train_ - estimator.pi_, np.float64)))
    proba = _averaged_sigmoid(mean, _variance(estimator, node, similar, step))
    return {
        "predict": labelled(ops.Threshold(mean), estimator.classes_, step),
        "predict_proba": ops.Link(proba, "complement_pair"),
    }


def _variance(estimator: Any, x: Node, similar: Node, step: Step) -> Node:
    """Return the kernel of each row with itself, less what is explained by all that was learned."""
    root = np.linalg.solve(np.tril(estimator.L_), np.diag(estimator.W_sr_))
    explained = ops.Elementwise(ops.Linear(similar, Parameter.of(np.ascontiguousarray(root.T))), "square")
    return total([alone(estimator.kernel_, x, step), ops.Linear(explained, Parameter.of(np.full(len(root), -1.0)))])


def _averaged_sigmoid(mean: Node, variance: Node) -> Node:
    """Return the mean of five error functions that together are nearly a sigmoid (Williams and Barber).

    A variance that is not above zero gives NaN, as it does in the library.
    """
    slopes, weights = np.ravel(LAMBDAS), np.ravel(COEFS)
    deviation = ops.Elementwise(variance, "sqrt")
    positive = ops.Combine((mean, ops.Combine((deviation, deviation), "quotient")), "product")
    spread = ops.Linear(variance, Parameter.of(2 * slopes[None, :] ** 2), Parameter.of(np.ones(len(slopes))))
    means = ops.Linear(positive, Parameter.of(np.ascontiguousarray(slopes[None, :])))
    scaled = ops.Combine((means, ops.Elementwise(spread, "sqrt")), "quotient")
    return shifted(ops.Linear(ops.Elementwise(scaled, "erf"), Parameter.of(weights / 2)), 1.0, 0.5 * weights.sum())
