"""Gaussian mixtures: a log-density for each component, and what these make together."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import digamma
from sklearn import mixture

from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_SHARES
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.matrices import centered, checked_dense, product, vector
from pretzel.importers.sklearn.members import cast
from pretzel.plan import ops
from pretzel.plan.node import Node

FAR = 1e9
"""Of larger terms the difference keeps no six digits."""


@imports(mixture.GaussianMixture)
def gaussian_mixture(estimator: Any, x: Columns, step: Step) -> Methods:
    """``log(weight) + log(density)`` of each component."""
    return _methods(
        _scores(
            estimator, checked_dense(x, estimator, step), np.zeros(len(estimator.means_), estimator.means_.dtype), step
        )
    )


@imports(mixture.BayesianGaussianMixture)
def bayesian_gaussian_mixture(estimator: Any, x: Columns, step: Step) -> Methods:
    """The same, with what is expected of precisions and weights that are themselves uncertain."""
    freedom, width = estimator.degrees_of_freedom_, estimator.means_.shape[1]
    halves = 0.5 * (freedom - np.arange(width)[:, None])
    spread = width * np.log(2.0) + digamma(halves).sum(axis=0) - width / estimator.mean_precision_
    return _methods(
        _scores(estimator, checked_dense(x, estimator, step), 0.5 * (spread - width * np.log(freedom)), step)
    )


def _methods(scores: Node) -> Methods:
    return {
        "predict": ops.ArgMax(scores),
        "predict_proba": ops.Elementwise(ops.Link(scores, "log_softmax"), "exp"),
        "score_samples": ops.Link(scores, "log_sum_exp"),
    }


def _scores(estimator: Any, x: Node, offsets: np.ndarray, step: Step) -> Node:
    """Return the log-densities, each with its weight and its offset, rounded where the library rounds.

    The library subtracts the mean after its product with the roots of the precisions; we do so before, and lose less.
    """
    roots, width = _roots(estimator), x.type.columns
    if max(_farthest(*each) for each in zip(estimator.means_, roots, strict=True)) > FAR:
        step.may_differ(ROUNDED_SHARES.reason, ROUNDED_SHARES.remedy)
    squares = (_squared(x, mean, root) for mean, root in zip(estimator.means_, roots, strict=True))
    far: Node = ops.Concat(tuple(squares))
    if roots[0].ndim == 2:
        far = cast(far, x.type.dtype)  # the array that holds the squares is of the type of X
    constant = far.type.numpy.type(width * np.log(2 * np.pi))
    count = far.type.columns
    half = far.type.numpy.type(-0.5)
    logs = ops.Affine(far, vector(half, count), vector(half * constant, count))
    bias = _log_determinants(roots) + offsets + estimator._estimate_log_weights()
    wide = logs if bias.dtype == np.float32 else cast(logs, "f64")
    return ops.Affine(wide, vector(bias.dtype.type(1), count), vector(bias, count))


def _roots(estimator: Any) -> list[np.ndarray]:
    """Return the Cholesky factor of each component's precision: a matrix, or its diagonal alone."""
    roots, (count, width) = estimator.precisions_cholesky_, estimator.means_.shape
    if estimator.covariance_type == "tied":
        return [roots] * count
    if estimator.covariance_type == "spherical":
        return [np.full(width, root, roots.dtype) for root in roots]
    return list(roots)


def _farthest(mean: np.ndarray, root: np.ndarray) -> float:
    """Return the largest of what the library subtracts: of a diagonal the squares, else the products themselves."""
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
