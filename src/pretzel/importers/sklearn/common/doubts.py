"""Whether the rows that an estimator learned leave something to chance: equal distances, and rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import issparse

from pretzel.importers.differences import ROUNDED_DISTANCES, ROUNDED_TIES, ROUNDED_WEIGHTS
from pretzel.importers.registry import Step

WHOLE_SQUARES = 2.0**51
"""Sums of squares of whole numbers up to this are exact in float64, with room for twice a product."""
CANCELS = 1e8
CANCELLING = 100.0
SEEN = 200
"""Of so many learned rows kernels are computed to see whether they cancel."""


def repeats(rows: Any) -> np.ndarray:
    """Return for each column whether it holds a value twice; NaN is no value.  In a sparse one zeros repeat."""
    if issparse(rows):
        return np.ones(rows.shape[1], bool)
    return np.array([_repeats(column[column == column]) for column in np.asarray(rows).T], bool)


def can_tie(rows: Any) -> bool:
    """Whether two of these rows may well be at equal distance of a third: no column alone keeps all of them apart."""
    return rows.shape[0] > 1 and bool(repeats(rows).all())


def is_exact(rows: Any) -> bool:
    """Whether squared distances between rows of such values are exact, in whatever order they are summed."""
    stored = np.asarray(rows.data if issparse(rows) else rows, np.float64)
    values = stored[~np.isnan(stored)]
    if not np.isfinite(values).all() or (values != np.rint(values)).any():
        return False
    return bool((values * values).max(initial=0.0) * rows.shape[1] < WHOLE_SQUARES)


def cancels(rows: Any) -> bool:
    """Whether rows lie so far from zero that of ``x.x - 2 x.y + y.y`` little more than rounding is left."""
    if rows.shape[0] < 2 or not rows.shape[1]:
        return False
    with np.errstate(all="ignore"):
        mean, variance = _moments(rows)
        offset, spread = np.nansum(mean * mean), np.nansum(variance)
    return bool(offset > CANCELS * spread > 0)


def note_cancelling(kernels: Callable[[int], Any], weights: Any, types: Sequence[Any], step: Step) -> None:
    """Note that weighted kernels cancel but for their last digits, where all that they are made of is float32.

    ``kernels`` returns those of the first learned rows with all of them.
    """
    if all(kind == np.float32 for kind in types) and _cancel(kernels(SEEN), weights):
        step.may_differ(ROUNDED_WEIGHTS.reason, ROUNDED_WEIGHTS.remedy)


def _cancel(kernels: Any, weights: Any) -> bool:
    values, weights = np.asarray(kernels, np.float64), np.asarray(weights, np.float64)
    return bool((np.abs(values) @ np.abs(weights)).max() > CANCELLING * np.abs(values @ weights).max())


def _moments(rows: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the variance of each column, of what is not NaN in it."""
    if issparse(rows):  # of which no dense copy is made
        mean = np.asarray(rows.mean(axis=0), np.float64).ravel()
        return mean, np.asarray(rows.multiply(rows).mean(axis=0), np.float64).ravel() - mean * mean
    values = np.asarray(rows, np.float64)
    known = values[:, ~np.isnan(values).all(axis=0)]
    return np.nanmean(known, axis=0), np.nanvar(known, axis=0)


def note_rounding(centers: Any, step: Step) -> None:
    """Note that rounding may decide which of these centers is the nearest."""
    if cancels(centers):
        step.may_differ(ROUNDED_DISTANCES.reason, ROUNDED_DISTANCES.remedy)
    elif can_tie(centers) and not is_exact(centers):
        step.may_differ(ROUNDED_TIES.reason, ROUNDED_TIES.remedy)


def _repeats(column: np.ndarray) -> bool:
    return len(np.unique(column)) < len(column)
