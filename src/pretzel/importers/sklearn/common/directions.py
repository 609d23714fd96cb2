"""Estimators that divide by deviations, and make results of rounding errors if a deviation is one."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import cross_decomposition, decomposition, discriminant_analysis, naive_bayes, neighbors, preprocessing

from pretzel.importers.rounding import divides

LEAST = 1e7
"""The ratio of two deviations whose squares differ as much as the largest and its rounding error."""


def amplifies(weights: Any, sizes: Any, rounded: bool) -> float:
    """Return how large the terms of results of unit deviation are, one result per row of weights.

    ``sizes``: of the features; ``rounded``: the features are sums of terms as large as the largest of them.
    """
    weights, sizes = np.abs(np.asarray(weights, np.float64)), np.abs(np.asarray(sizes, np.float64))
    if not weights.size:
        return 0.0
    with np.errstate(all="ignore"):
        terms = weights @ np.full_like(sizes, sizes.max(initial=0.0)) if rounded else weights @ sizes
    return float(np.nanmax(terms))


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


@divides(
    *(cross_decomposition.CCA, cross_decomposition.PLSCanonical),
    *(cross_decomposition.PLSRegression, cross_decomposition.PLSSVD),
)
def _projects(model: Any, rounded: bool) -> float:
    return _divides_rounded(np.abs(model._x_mean) + model._x_std, model._x_std, rounded)


@divides(preprocessing.StandardScaler)
def _standardizes(model: Any, rounded: bool) -> float:
    if model.scale_ is None:
        return 0.0
    mean = 0.0 if model.mean_ is None else np.abs(model.mean_)
    return _divides_rounded(mean + model.scale_, model.scale_, rounded)


@divides(preprocessing.RobustScaler)
def _scales_by_quartiles(model: Any, rounded: bool) -> float:
    if not model.with_scaling:
        return 0.0
    center = np.abs(model.center_) if model.with_centering else 0.0
    return _divides_rounded(center + model.scale_, model.scale_, rounded)


@divides(preprocessing.MinMaxScaler)
def _scales_by_range(model: Any, rounded: bool) -> float:
    return _divides_rounded(np.maximum(np.abs(model.data_min_), np.abs(model.data_max_)), model.data_range_, rounded)


@divides(preprocessing.MaxAbsScaler)
def _scales_by_size(model: Any, rounded: bool) -> float:
    return _divides_rounded(model.max_abs_, model.max_abs_, rounded)


@divides(naive_bayes.GaussianNB)
def _compares_with_means(model: Any, rounded: bool) -> float:
    deviation = np.sqrt(model.var_)
    return _divides_rounded((np.abs(model.theta_) + deviation).ravel(), deviation.ravel(), rounded)


@divides(neighbors.NearestCentroid)
def _compares_with_centroids(model: Any, rounded: bool) -> float:
    deviation = np.asarray(model.within_class_std_dev_)
    return _divides_rounded(np.abs(model.centroids_).max(axis=0) + deviation, deviation, rounded)


def _divides_rounded(sizes: Any, scales: Any, rounded: bool) -> float:
    """Return by how much the largest of rounded features exceeds the scale that one is divided by; 0 for others."""
    scales = np.asarray(scales, np.float64)
    present = scales[np.isfinite(scales) & (scales > 0)]
    return float(np.nanmax(sizes) / present.min()) if rounded and present.size > 0 else 0.0
