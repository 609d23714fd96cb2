"""Pairs of classes between which a row may lie so exactly that rounding decides the vote of the pair."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from pretzel.importers.sklearn.common.pairwise import matrix

ROUNDING = 1e-12
"""A score that small, by the terms that it is the sum of, is zero but for rounding."""


def mirrors(estimator: Any) -> bool:
    """Return whether a score of a fitted support vector machine or linear model is zero but for rounding somewhere.

    That is so on the mirror of a pair of classes: where an intercept is zero, or amid the support vectors of the two.
    """
    if hasattr(estimator, "_dual_coef_"):
        return _has_no_intercept(matrix(estimator._dual_coef_), estimator._intercept_) or _is_zero_amid(estimator)
    if hasattr(estimator, "coef_"):
        return _has_no_intercept(matrix(estimator.coef_), estimator.intercept_)
    steps: Any = getattr(estimator, "steps", ())
    return bool(steps) and mirrors(steps[-1][1])


def _has_no_intercept(weights: np.ndarray, intercept: Any) -> bool:
    return bool((np.abs(intercept) <= ROUNDING * np.abs(weights).max(initial=0.0)).any())


def _is_zero_amid(estimator: Any) -> bool:
    """Return whether the score of a pair of classes is zero between the means of their support vectors."""
    vectors, owner = (
        matrix(estimator.support_vectors_),
        np.repeat(np.arange(len(estimator.classes_)), estimator.n_support_),
    )
    if (
        estimator.kernel == "precomputed"
        or callable(estimator.kernel)
        or len(np.unique(owner)) < len(estimator.classes_)
    ):
        return False
    means = np.stack([vectors[owner == i].mean(axis=0) for i in range(len(estimator.classes_))])
    amid = np.stack([(means[i] + means[j]) / 2 for i, j in combinations(range(len(means)), 2)])
    scores = _pairs_of(estimator, amid).reshape(len(amid), -1).diagonal()
    size = np.abs(matrix(estimator._dual_coef_)).sum() * max(1.0, float((vectors**2).sum(axis=1).max()))
    return bool((np.abs(scores) <= ROUNDING * size).any())


def _pairs_of(estimator: Any, rows: np.ndarray) -> np.ndarray:
    """Return libsvm's score of each pair of classes."""
    if not estimator._sparse:
        return np.asarray(estimator._dense_decision_function(rows))
    from scipy.sparse import csr_matrix  # it was fitted on a sparse matrix, so SciPy is there

    return np.asarray(estimator._sparse_decision_function(csr_matrix(rows)))
