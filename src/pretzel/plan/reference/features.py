"""References of bins, products, powers and splines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference

_EPSILON = np.finfo(np.float64).eps
_LARGEST = 709.78  # beyond it expm1 overflows


@reference(ops.Bin)
def bins(node: ops.Bin, x: np.ndarray) -> Any:
    """``numpy.searchsorted(edges, x, side="right")``, column by column."""
    columns = x.reshape(len(x), node.x.type.columns)
    starts, edges = node.starts.array, node.edges.array
    reached = np.zeros(columns.shape, np.int64)
    for i in range(columns.shape[1]):
        reached[:, i] = np.searchsorted(edges[starts[i] : starts[i + 1]], columns[:, i].astype("f8"), side="right")
    return reached.reshape(x.shape)


@reference(ops.Products)
def products(node: ops.Products, x: np.ndarray) -> Any:
    """Return the product of the columns in each row of factors."""
    columns = x.reshape(len(x), node.x.type.columns)
    results = np.ones((len(x), node.factors.shape[0]), x.dtype)
    for i, factors in enumerate(node.factors.array):
        for factor in factors[factors >= 0]:
            results[:, i] *= columns[:, factor]
    return results


@reference(ops.Power)
def power(node: ops.Power, x: np.ndarray) -> Any:
    """Return the transform of each column."""
    columns = x.reshape(len(x), node.x.type.columns)
    transform = _POWERS[node.form]
    results = [transform(columns[:, i], p) for i, p in enumerate(node.exponents.array)]
    return np.stack(results, axis=1).reshape(x.shape) if results else x


def box_cox(x: np.ndarray, p: float) -> Any:
    """``(x**p - 1) / p``, without cancellation, and without overflow for small p."""
    if abs(p) < 1e-19:
        return np.log(x)
    exponent = p * np.log(x)
    large = np.copysign(1.0, p) * np.exp(exponent - np.log(abs(p))) - 1.0 / p
    return np.where(exponent < _LARGEST, np.expm1(exponent) / p, large)


def yeo_johnson(x: np.ndarray, p: float) -> Any:
    """Join two branches at zero."""
    return np.where(x >= 0, _branch(x, p), -_branch(-x, 2.0 - p))


def inverse_box_cox(x: np.ndarray, p: float) -> Any:
    """``(p * x + 1)**(1 / p)``, or the exponential."""
    return np.exp(x) if p == 0 else np.exp(np.log1p(p * x) / p)


def inverse_yeo_johnson(x: np.ndarray, p: float) -> Any:
    """Join two branches at zero."""
    return np.where(x >= 0, _inverse_branch(x, p), -_inverse_branch(-x, 2.0 - p))


def _inverse_branch(x: np.ndarray, p: float) -> Any:
    return np.exp(x) - 1 if abs(p) <= _EPSILON else np.power(x * p + 1, 1 / p) - 1


def _branch(x: np.ndarray, p: float) -> Any:
    logarithm = np.log1p(x)
    return logarithm if abs(p) <= _EPSILON else np.expm1(p * logarithm) / p


_POWERS: dict[str, Callable[[np.ndarray, float], Any]] = {
    "power": np.power,
    "box_cox": box_cox,
    "yeo_johnson": yeo_johnson,
    "inverse_box_cox": inverse_box_cox,
    "inverse_yeo_johnson": inverse_yeo_johnson,
}


@reference(ops.Spline)
def spline(node: ops.Spline, x: np.ndarray) -> Any:
    """Return the splines of all columns, concatenated."""
    columns = x.reshape(len(x), node.x.type.columns).astype(np.float64)
    results = [[value for i, at in enumerate(row) for value in _splines(node, i, float(at))] for row in columns]
    return np.array(results, np.float64).reshape(len(x), node.type.columns).astype(x.dtype)


def _splines(node: ops.Spline, i: int, x: float) -> list[float]:
    knots, degree = node.knots.array[i].tolist(), node.degree
    count = len(knots) - degree - 1
    low, high = knots[degree], knots[count]
    results = [0.0] * (count - degree if node.periodic else count)
    if x != x:
        return results
    if node.periodic:
        x = low + (x - low) % (high - low) if high > low else 0.0
    if node.values is not None and node.slopes is not None and not low <= x <= high:
        ends, slopes = (p.array[i].reshape(2, count)[int(x > high)] for p in (node.values, node.slopes))
        return [v + (x - (high if x > high else low)) * s if s != 0 else v for v, s in zip(ends, slopes, strict=True)]
    first = min(max(sum(knot <= x for knot in knots) - 1, degree), count - 1)
    for j, value in enumerate(_recursion(knots, degree, first, x), first - degree):
        results[j % len(results)] += value
    return results


def _recursion(knots: list[float], degree: int, first: int, x: float) -> list[float]:
    """Return the degree + 1 splines that are nonzero at x, from degree 0 up (Cox and de Boor)."""
    results = [1.0]
    for d in range(1, degree + 1):
        below, results = results, [0.0] * (d + 1)
        for j in range(1, d + 1):
            right, left = knots[first + j], knots[first + j - d]
            if right != left:
                share = below[j - 1] / (right - left)
                results[j - 1] += share * (right - x)
                results[j] = share * (x - left)
    return results
