"""Checks of an estimator's training rows for answers that ties or rounding decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import issparse

from pretzel.importers.differences import ROUNDED_DISTANCES, ROUNDED_TIES, ROUNDED_WEIGHTS
from pretzel.importers.registry import Step

WHOLE_SQUARES = 2.0**51
"""Sums of squares of whole numbers below this are exact in float64, with room for twice a product."""
CANCELS = 1e8
CANCELLING = 10.0
"""The most that weighted kernels of float32 may exceed their sum: six digits are left."""
CANCELLING_DOUBLES = 1e9
"""The same in float64: seven digits are left."""
CANCELLING_POWERS = 20.0
"""The same of powers of float32, which round less than kernels do."""
LARGE_POWER = 3.0
"""The largest power of float32 whose rounding stays below the sixth digit for logarithms of usual values."""
OUTGROWN = 1e9
TINY = np.finfo(np.float64).tiny
SEEN = 200
"""The number of training rows whose kernels are computed to check for cancellation."""


def repeats(rows: Any) -> np.ndarray:
    """Return for each column whether a value repeats; NaN does not count.  Sparse columns repeat zeros."""
    if issparse(rows):
        return np.ones(rows.shape[1], bool)
    return np.array([_repeats(column[column == column]) for column in np.asarray(rows).T], bool)


def can_tie(rows: Any) -> bool:
    """Return whether two of these rows may be at equal distance from a third, because every column repeats a value."""
    return rows.shape[0] > 1 and bool(repeats(rows).all())


def is_exact(rows: Any) -> bool:
    """Return whether squared distances between such rows are exact in any order of summation."""
    stored = np.asarray(rows.data if issparse(rows) else rows, np.float64)
    values = stored[~np.isnan(stored)]
    if not np.isfinite(values).all() or (values != np.rint(values)).any():
        return False
    return bool((values * values).max(initial=0.0) * rows.shape[1] < WHOLE_SQUARES)


def cancels(rows: Any) -> bool:
    """Return whether rows are so far from zero that rounding dominates ``x.x - 2 x.y + y.y``."""
    if rows.shape[0] < 2 or not rows.shape[1]:
        return False
    with np.errstate(all="ignore"):
        mean, variance = _moments(rows)
        offset, spread = np.nansum(mean * mean), np.nansum(variance)
    return bool(offset > CANCELS * spread > 0)


def outgrows(rows: np.ndarray, gamma: float) -> bool:
    """Return whether the squares of rows are so large that rounding them changes ``exp(-gamma |x - y|**2)``."""
    return bool(gamma * (rows * rows).sum(axis=1).max(initial=0.0) > OUTGROWN)


def note_cancelling(kernels: Callable[[int], Any], weights: Any, types: Sequence[Any], step: Step) -> None:
    """Add a note if weighted kernels cancel to their last digits, in float32 if all their inputs are.

    ``kernels`` returns those of the first rows with all training rows.
    """
    single = all(kind == np.float32 for kind in types)
    if _cancel(kernels(SEEN), weights, CANCELLING if single else CANCELLING_DOUBLES):
        step.may_differ(ROUNDED_WEIGHTS.reason, ROUNDED_WEIGHTS.remedy)


def powers_round(transformer: Any) -> bool:
    """Return whether rounding is visible in powers of Yeo-Johnson: as they are, or in what a mean leaves of them."""
    lambdas = np.asarray(transformer.lambdas_, np.float64)
    if not transformer.standardize:
        return bool((np.maximum(np.abs(lambdas), np.abs(2.0 - lambdas)) > LARGE_POWER).any())
    mean, scale = (
        np.asarray(learned, np.float64) for learned in (transformer._scaler.mean_, transformer._scaler.scale_)
    )
    exponent = np.log(np.maximum(np.abs(1.0 + np.abs(mean) * np.where(mean < 0, 2.0 - lambdas, lambdas)), TINY))
    return bool((np.abs(mean) / scale * np.maximum(np.abs(exponent), 1.0) > CANCELLING_POWERS).any())


def _cancel(kernels: Any, weights: Any, most: float) -> bool:
    """Return whether the terms of a column of results are more than ``most`` times as large as the largest of them."""
    values, weights = np.asarray(kernels, np.float64), np.asarray(weights, np.float64)
    sizes, results = np.abs(values) @ np.abs(weights), np.abs(values @ weights)
    return bool((sizes.max(axis=0) > most * results.max(axis=0)).any())


def _moments(rows: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the variance of each column without its NaN."""
    if issparse(rows):  # avoids a dense copy
        mean = np.asarray(rows.mean(axis=0), np.float64).ravel()
        return mean, np.asarray(rows.multiply(rows).mean(axis=0), np.float64).ravel() - mean * mean
    values = np.asarray(rows, np.float64)
    present = values[:, ~np.isnan(values).all(axis=0)]
    return np.nanmean(present, axis=0), np.nanvar(present, axis=0)


def note_rounding(centers: Any, step: Step) -> None:
    """Add a note if rounding may decide which of these centers is the nearest."""
    if cancels(centers):
        step.may_differ(ROUNDED_DISTANCES.reason, ROUNDED_DISTANCES.remedy)
    elif can_tie(centers) and not is_exact(centers):
        step.may_differ(ROUNDED_TIES.reason, ROUNDED_TIES.remedy)


def _repeats(column: np.ndarray) -> bool:
    return len(np.unique(column)) < len(column)
