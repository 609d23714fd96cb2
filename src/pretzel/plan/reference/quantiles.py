"""References of the operators on quantiles."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference


@reference(ops.Interpolate)
def interpolate(node: ops.Interpolate, x: np.ndarray) -> Any:
    """Return the mean of both directions, or one of them, and the end levels outside the knots."""
    columns = x.reshape(len(x), node.x.type.columns)
    results = [_between(columns[:, i], knots, node) for i, knots in enumerate(node.knots.array)]
    return np.stack(results, axis=1).reshape(x.shape).astype(x.dtype) if results else x


@reference(ops.WeightedMedian)
def weighted_median(node: ops.WeightedMedian, x: np.ndarray) -> Any:
    """Sort each row, accumulate the weights, and return the first value that reaches half of them."""
    order = np.argsort(x, axis=1, kind="stable")
    reached = np.cumsum(node.weights.array[order], axis=1)
    middle = (reached >= 0.5 * reached[:, -1:]).argmax(axis=1)
    rows = np.arange(len(x))
    return x[rows, order[rows, middle]]


@reference(ops.NormalQuantile)
def normal_quantile(node: ops.NormalQuantile, x: np.ndarray) -> Any:
    """Return the inverse of the normal distribution function."""
    return np.array([_quantile(p) for p in x.ravel().tolist()], np.float64).reshape(x.shape)


@reference(ops.NormalProbability)
def normal_probability(node: ops.NormalProbability, x: np.ndarray) -> Any:
    """Return the normal distribution function, by the complement, which is accurate for small results."""
    return np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x.ravel().tolist()], np.float64).reshape(x.shape)


def _between(x: np.ndarray, knots: np.ndarray, node: ops.Interpolate) -> Any:
    levels, wide, margin = node.levels.array, x.astype(np.float64), x.dtype.type(node.margin)
    up = np.interp(wide, knots, levels)
    down = np.interp(-wide, -knots[::-1], -levels[::-1])
    mean = up if node.upwards else 0.5 * (up - down)
    above = (x + margin).astype(np.float64) > knots[-1] if margin else wide >= knots[-1]
    below = (x - margin).astype(np.float64) < knots[0] if margin else wide <= knots[0]
    return np.where(np.isnan(x), np.nan, np.where(below, levels[0], np.where(above, levels[-1], mean)))


def _quantile(p: float) -> float:
    if 0 < p < 1:
        return NormalDist().inv_cdf(p)
    return {0.0: -np.inf, 1.0: np.inf}.get(p, np.nan)
