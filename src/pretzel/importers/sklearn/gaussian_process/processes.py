"""Gaussian processes: weighted sums of kernels with the training rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn import gaussian_process
from sklearn.gaussian_process._gpc import COEFS, LAMBDAS, _BinaryGaussianProcessClassifierLaplace
from sklearn.gaussian_process.kernels import DotProduct

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.sklearn.common.doubts import note_cancelling
from pretzel.importers.sklearn.common.integers import multiplied_whole
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.matrices import checked, checked_array, vector
from pretzel.importers.sklearn.common.members import cast, total
from pretzel.importers.sklearn.common.pairwise import matrix, shifted
from pretzel.importers.sklearn.gaussian_process.kernels import alone, between
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_entries(gaussian_process.GaussianProcessClassifier, gaussian_process.GaussianProcessRegressor, alike=True)


@imports(gaussian_process.GaussianProcessRegressor)
def gaussian_process_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """The mean of the posterior, ``kernel_(X, X_train_) @ alpha_``, in the units of the target."""
    whole = _multiplied(estimator, x, step, alone=False)
    rows = checked(x, estimator) if whole is None else whole
    node = cast(rows, "f64")
    weights = np.asarray(estimator.alpha_, np.float64)
    weights = weights[:, 0] if weights.ndim == 2 and weights.shape[1] == 1 else weights
    learned = estimator.X_train_
    similar = between(estimator.kernel_, node, matrix(learned), step)
    # Kernels that are functions of distances are float64.
    types = (rows.type.numpy if _multiplies(estimator) else np.float64, learned.dtype)
    note_cancelling(lambda count: estimator.kernel_(learned[:count], learned), estimator.alpha_, types, step)
    mean = ops.Linear(similar, Parameter.of(np.ascontiguousarray(weights)))
    scale, shift = (vector(moment, mean.type.columns) for moment in (estimator._y_train_std, estimator._y_train_mean))
    return {"predict": ops.Affine(mean, scale, shift)}


@imports(gaussian_process.GaussianProcessClassifier)
def gaussian_process_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Laplace's approximation for two classes; one-vs-rest or one-vs-one combinations of it for more.

    One-vs-one has no probabilities, as in the library.
    """
    inner = step.enter("base_estimator_", estimator.base_estimator_, checked_array(x, estimator))
    if "predict_proba" not in inner:
        step.leaves_out("predict_proba", "the library has none with multi_class='one_vs_one'", "use 'one_vs_rest'")
    return {name: inner[name] for name in ("predict", "predict_proba") if name in inner}


@imports(_BinaryGaussianProcessClassifierLaplace)
def laplace(estimator: Any, x: Columns, step: Step) -> Methods:
    """The sign of the latent mean; probabilities are the mean of the sigmoid over the latent Gaussian."""
    whole = _multiplied(estimator, x, step, alone=True)
    node = cast(x.numbers(), "f64") if whole is None else whole
    similar = between(estimator.kernel_, node, matrix(estimator.X_train_), step)
    mean = ops.Linear(similar, Parameter.of(np.asarray(estimator.y_train_ - estimator.pi_, np.float64)))
    proba = _averaged_sigmoid(mean, _variance(estimator, node, similar, step))
    return {
        "predict": labelled(ops.Threshold(mean), estimator.classes_, step),
        "predict_proba": ops.Link(proba, "complement_pair"),
    }


def _multiplied(estimator: Any, x: Columns, step: Step, *, alone: bool) -> Node | None:
    """Return X as float64 if it holds integers, which a ``DotProduct`` multiplies in their own type.

    ``alone``: whether the kernel of a row with itself is computed too, not only the kernel with the training rows.
    """
    if not _multiplies(estimator):
        return None
    learned = np.asarray(estimator.X_train_)
    largest = int(np.abs(learned.astype(np.float64)).max(initial=1.0))

    def most(kind: np.dtype) -> int:
        own, shared = np.iinfo(kind).max, np.result_type(kind, learned.dtype)
        squared = math.isqrt(int(own) // x.width) if alone else int(own)
        return min(squared, int(np.iinfo(shared).max) // (x.width * largest)) if shared.kind in "iu" else squared

    return multiplied_whole(x, step, most)


def _multiplies(estimator: Any) -> bool:
    tree = estimator.kernel_
    return any(isinstance(kernel, DotProduct) for kernel in (tree, *tree.get_params().values()))


def _variance(estimator: Any, x: Node, similar: Node, step: Step) -> Node:
    """Return the posterior variance: the kernel of each row with itself, less the part explained by training rows."""
    root = np.linalg.solve(np.tril(estimator.L_), np.diag(estimator.W_sr_))
    explained = ops.Elementwise(ops.Linear(similar, Parameter.of(np.ascontiguousarray(root.T))), "square")
    return total([alone(estimator.kernel_, x, step), ops.Linear(explained, Parameter.of(np.full(len(root), -1.0)))])


def _averaged_sigmoid(mean: Node, variance: Node) -> Node:
    """Return the mean of five error functions that together are nearly a sigmoid (Williams and Barber).

    A variance that is not above zero gives NaN, as in the library.
    """
    slopes, weights = np.ravel(LAMBDAS), np.ravel(COEFS)
    deviation = ops.Elementwise(variance, "sqrt")
    positive = ops.Combine((mean, ops.Combine((deviation, deviation), "quotient")), "product")
    spread = ops.Linear(variance, Parameter.of(2 * slopes[None, :] ** 2), Parameter.of(np.ones(len(slopes))))
    means = ops.Linear(positive, Parameter.of(np.ascontiguousarray(slopes[None, :])))
    scaled = ops.Combine((means, ops.Elementwise(spread, "sqrt")), "quotient")
    return shifted(ops.Linear(ops.Elementwise(scaled, "erf"), Parameter.of(weights / 2)), 1.0, 0.5 * weights.sum())
