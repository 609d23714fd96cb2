"""Gaussian mixtures: log-densities of the components, and the predictions computed from them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import digamma
from sklearn import mixture

from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_SHARES
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.integers import cut_to, kept_whole, multiplied_whole
from pretzel.importers.sklearn.common.matrices import centered, checked_dense, product, vector
from pretzel.importers.sklearn.common.members import cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.types import DTYPE_NAMES

FAR = 1e9
"""Differences of larger terms keep fewer than six digits."""


@imports(mixture.GaussianMixture)
def gaussian_mixture(estimator: Any, x: Columns, step: Step) -> Methods:
    """``log(weight) + log(density)`` of each component."""
    return _methods(_scores(estimator, x, np.zeros(len(estimator.means_), estimator.means_.dtype), step))


@imports(mixture.BayesianGaussianMixture)
def bayesian_gaussian_mixture(estimator: Any, x: Columns, step: Step) -> Methods:
    """The same, with the expectations of uncertain precisions and weights."""
    freedom, width = estimator.degrees_of_freedom_, estimator.means_.shape[1]
    halves = 0.5 * (freedom - np.arange(width)[:, None])
    spread = width * np.log(2.0) + digamma(halves).sum(axis=0) - width / estimator.mean_precision_
    return _methods(_scores(estimator, x, 0.5 * (spread - width * np.log(freedom)), step))


def _methods(scores: Node) -> Methods:
    return {
        "predict": ops.ArgMax(scores),
        "predict_proba": ops.Elementwise(ops.Link(scores, "log_softmax"), "exp"),
        "score_samples": ops.Link(scores, "log_sum_exp"),
    }


def _scores(estimator: Any, columns: Columns, offsets: np.ndarray, step: Step) -> Node:
    """Return the log-densities with their weights and offsets, rounded where the library rounds.

    The library subtracts the mean after its product with the roots of the precisions; the plan does so before, which
    loses fewer digits.
    """
    roots = _roots(estimator)
    if max(_farthest(mean, root) for mean, root in zip(estimator.means_, roots, strict=True)) > FAR:
        step.may_differ(ROUNDED_SHARES.reason, ROUNDED_SHARES.remedy)
    if roots[0].ndim == 2:
        far = _kept(estimator, columns, roots, step)
    else:
        far = _distances(estimator, _multiplied(estimator, columns, step), roots)
    width = columns.width
    constant = far.type.numpy.type(width * np.log(2 * np.pi))
    count = far.type.columns
    half = far.type.numpy.type(-0.5)
    logs = ops.Affine(far, vector(half, count), vector(half * constant, count))
    bias = _log_determinants(roots) + offsets + estimator._estimate_log_weights()
    wide = logs if bias.dtype == np.float32 else cast(logs, "f64")
    return ops.Affine(wide, vector(bias.dtype.type(1), count), vector(bias, count))


def _kept(estimator: Any, columns: Columns, roots: list[np.ndarray], step: Step) -> Node:
    """Return squared distances in the type of X, as the library stores them, even for integers."""
    x, whole = checked_dense(columns, estimator, step), kept_whole(columns, step)
    if whole is None:
        return cast(_distances(estimator, x, roots), x.type.dtype)
    read = cast(x, DTYPE_NAMES[np.result_type(whole.type.numpy, roots[0])])
    return cast(cut_to(whole, cast(_distances(estimator, read, roots), "f64"), step), "f64")


def _multiplied(estimator: Any, columns: Columns, step: Step) -> Node:
    """Return X; the library squares integers in their own type, and sums the squares if spherical."""
    terms = columns.width if estimator.covariance_type == "spherical" else 1
    whole = multiplied_whole(columns, step, lambda kind: math.isqrt(int(np.iinfo(kind).max) // terms))
    return checked_dense(columns, estimator, step) if whole is None else whole


def _distances(estimator: Any, x: Node, roots: list[np.ndarray]) -> Node:
    return ops.Concat(tuple(_squared(x, mean, root) for mean, root in zip(estimator.means_, roots, strict=True)))


def _roots(estimator: Any) -> list[np.ndarray]:
    """Return the Cholesky factor of each component's precision: a matrix, or its diagonal."""
    roots, (count, width) = estimator.precisions_cholesky_, estimator.means_.shape
    if estimator.covariance_type == "tied":
        return [roots] * count
    if estimator.covariance_type == "spherical":
        return [np.full(width, root, roots.dtype) for root in roots]
    return list(roots)


def _farthest(mean: np.ndarray, root: np.ndarray) -> float:
    """Return the largest term that the library subtracts: a sum of squares for a diagonal, else a product."""
    return float(((mean * root) ** 2).sum() if root.ndim == 1 else np.abs(mean @ root).max())


def _log_determinants(roots: list[np.ndarray]) -> np.ndarray:
    return np.array([np.log(np.diagonal(root) if root.ndim == 2 else root).sum() for root in roots], roots[0].dtype)


def _squared(x: Node, mean: np.ndarray, root: np.ndarray) -> Node:
    """Return ``|(x - mean) @ root|**2``."""
    moved = centered(x, mean)
    if root.ndim == 1:
        return product(ops.Elementwise(moved, "square"), root**2, 0.0)
    turned = product(moved, root.T, 0.0)
    return product(ops.Elementwise(turned, "square"), np.ones(root.shape[1], root.dtype), 0.0)
