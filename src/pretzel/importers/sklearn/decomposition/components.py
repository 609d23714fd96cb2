"""Linear decompositions: a product with the components, and the likelihood under their Gaussian model."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import decomposition
from sklearn.linear_model import ridge_regression
from sklearn.utils.extmath import fast_logdet

from pretzel.importers.columns import Columns
from pretzel.importers.polars_float32 import widens
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.rounding import divides
from pretzel.importers.sklearn.common.directions import LEAST, amplifies
from pretzel.importers.sklearn.common.matrices import (
    centered,
    checked,
    checked_dense,
    is_sparse,
    multiplied,
    product,
    vector,
)
from pretzel.importers.small_integers import computes_with
from pretzel.plan import ops
from pretzel.plan.node import Node

widens(decomposition.IncrementalPCA, decomposition.PCA)
computes_with("components_", decomposition.TruncatedSVD)
computes_with("mean_", decomposition.SparsePCA, decomposition.MiniBatchSparsePCA)

DIGITS = 1e-8
"""Largest relative error of a likelihood by cancellation; beyond it the library's answer is rounding noise."""


@imports(decomposition.PCA, decomposition.IncrementalPCA)
def pca(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X @ components_.T - mean_ @ components_.T``, divided by the root of the variances if it whitens."""
    node = checked(x, estimator)
    projected = product(node, estimator.components_, -_center(estimator.mean_, estimator.components_))
    methods = {"transform": _whitened(projected, estimator.explained_variance_) if estimator.whiten else projected}
    return methods | _likelihood(estimator, node, step) if hasattr(estimator, "score_samples") else methods


@imports(decomposition.FactorAnalysis)
def factor_analysis(estimator: Any, x: Columns, step: Step) -> Methods:
    """The expected factors: the centered row divided by the noise, times the loadings and the factors' covariance."""
    node, loadings = checked_dense(x, estimator, step), estimator.components_
    if not len(loadings):
        raise step.refuse("n_components", "it returns no column", "keep one component or more")
    scaled = loadings / estimator.noise_variance_
    covariance = np.linalg.inv(np.eye(len(loadings)) + scaled @ loadings.T)
    factors = product(product(centered(node, estimator.mean_), scaled, 0.0), covariance.T, 0.0)
    return {"transform": factors} | _likelihood(estimator, node, step)


@imports(decomposition.FastICA)
def fast_ica(estimator: Any, x: Columns, step: Step) -> Methods:
    """``(X - mean_) @ components_.T``; the mean is subtracted if it whitens, in the type of X."""
    node: Node = checked_dense(x, estimator, step)
    if estimator.whiten:
        node = ops.Standardize(node, vector(estimator.mean_, node.type.columns), None)
    return {"transform": product(node, estimator.components_, 0.0)}


@imports(decomposition.SparsePCA, decomposition.MiniBatchSparsePCA)
def sparse_pca(estimator: Any, x: Columns, step: Step) -> Methods:
    """The ridge regression of the centered row on the components, which is linear in the row.

    The library returns a vector for a single row; here it is a matrix of one row, as for any number of rows.
    """
    node = centered(checked_dense(x, estimator, step), estimator.mean_)
    units = np.eye(node.type.columns, dtype=estimator.components_.dtype)
    solution = ridge_regression(estimator.components_.T, units, estimator.ridge_alpha, solver="cholesky")
    return {"transform": product(node, solution.T, 0.0)}


@imports(decomposition.TruncatedSVD)
def truncated_svd(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X @ components_.T``."""
    return {"transform": product(checked(x, estimator), estimator.components_, 0.0)}


def _center(mean: np.ndarray, components: np.ndarray) -> Any:
    """Return ``mean @ components.T``."""
    if components.dtype == np.float32:
        # The library's product: its float32 roundings show in the result, even for a float64 X.
        return (mean.reshape(1, -1) @ components.T).ravel()
    # Element by element, because the last bits of a matrix product differ between machines.
    return (mean * components).sum(axis=1)


def _whitened(x: Node, variance: np.ndarray) -> Node:
    scale = np.sqrt(variance)
    scale = np.maximum(scale, np.finfo(scale.dtype).eps)
    return ops.Standardize(x, None, vector(scale, x.type.columns))


def _likelihood(estimator: Any, x: Node, step: Step) -> Methods:
    """Return ``score_samples``, the logarithm of the density, unless the library's answer is rounding noise."""
    try:
        precision = estimator.get_precision()
        is_precise = not is_sparse(x) and _condition(precision) < DIGITS / np.finfo(precision.dtype).eps
    except (np.linalg.LinAlgError, ValueError):  # a singular covariance
        is_precise = False
    if not is_precise:
        reason = "rounding decides the library's answer for this fit"
        remedy = "fit it on dense float64 rows, with fewer components or scaled features"
        step.leaves_out("score_samples", reason, remedy)
        return {}
    moved = centered(x, estimator.mean_)
    terms = multiplied(moved, product(moved, precision.T, 0.0))
    constant = 0.5 * (fast_logdet(precision) - len(precision) * np.log(2 * np.pi))
    halves = np.full(len(precision), -0.5, terms.type.numpy)
    return {"score_samples": product(terms, halves, float(constant))}


def _condition(precision: np.ndarray) -> Any:
    """Return the condition of the matrix, independent of the units of its features."""
    units = np.sqrt(np.abs(np.diagonal(precision)))
    return np.linalg.cond(precision / np.outer(units, units))


@divides(decomposition.PCA, decomposition.IncrementalPCA)
def _whitens(model: Any, rounded: bool) -> float:
    if not model.whiten:
        return 0.0
    spread = np.sqrt(np.maximum(model.explained_variance_, np.finfo(np.float64).tiny))
    if spread.max() > LEAST * spread.min():  # eigenvalues of a covariance are this inaccurate
        return np.inf
    sizes = np.sqrt((model.components_**2 * model.explained_variance_[:, None]).sum(axis=0)) + np.abs(model.mean_)
    return amplifies(model.components_ / spread[:, None], sizes, rounded)


@divides(decomposition.FastICA)
def _separates(model: Any, rounded: bool) -> float:
    if not model.whiten:
        return 0.0
    inverse = np.linalg.norm(model.whitening_, axis=1)  # of the deviation of the features in each direction
    ratio = float(inverse.max() / inverse.min())
    return max(ratio, amplifies(model.whitening_, model.mean_, rounded))
