"""Check whether rounding may decide a vote between two classes: a score may be zero except for rounding."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from pretzel.importers.sklearn.common.pairwise import matrix

ROUNDING = 1e-12
"""A score this small relative to its terms is zero except for rounding."""


def may_tie(estimator: Any) -> bool:
    """Return whether a score of a fitted support vector machine or linear model can be zero except for rounding.

    It can for rows midway between two classes, if the intercept is zero or the score of the midpoint is.
    """
    if hasattr(estimator, "_dual_coef_"):
        return _has_no_intercept(matrix(estimator._dual_coef_), estimator._intercept_) or _is_zero_midway(estimator)
    if hasattr(estimator, "coef_"):
        return _has_no_intercept(matrix(estimator.coef_), estimator.intercept_)
    steps: Any = getattr(estimator, "steps", ())
    return bool(steps) and may_tie(steps[-1][1])


def _has_no_intercept(weights: np.ndarray, intercept: Any) -> bool:
    return bool((np.abs(intercept) <= ROUNDING * np.abs(weights).max(initial=0.0)).any())


def _is_zero_midway(estimator: Any) -> bool:
    """Return whether the score of a pair of classes is zero between the means of their support vectors."""
    has_vectors = estimator.kernel != "precomputed" and not callable(estimator.kernel) and all(estimator.n_support_)
    if not has_vectors:
        return False
    vectors = matrix(estimator.support_vectors_)
    classes = np.split(vectors, np.cumsum(estimator.n_support_)[:-1])
    means = [rows.mean(axis=0) for rows in classes]
    midpoints = np.stack([(first + second) / 2 for first, second in combinations(means, 2)])
    scores = _pairs_of(estimator, midpoints).reshape(len(midpoints), -1).diagonal()
    size = np.abs(matrix(estimator._dual_coef_)).sum() * max(1.0, float((vectors**2).sum(axis=1).max()))
    return bool((np.abs(scores) <= ROUNDING * size).any())


def _pairs_of(estimator: Any, rows: np.ndarray) -> np.ndarray:
    """Return libsvm's score of each pair of classes."""
    if not estimator._sparse:
        return np.asarray(estimator._dense_decision_function(rows))
    from scipy.sparse import csr_matrix  # available: the estimator was fitted on a sparse matrix

    return np.asarray(estimator._sparse_decision_function(csr_matrix(rows)))
