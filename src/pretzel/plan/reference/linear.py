"""References of products and distances."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.reference.columns import pairs_of
from pretzel.plan.reference.sums import product_in_order
from pretzel.plan.values import Csr


@reference(ops.Linear)
def linear(node: ops.Linear, x: Any) -> Any:
    """``x @ weights + bias``; sparse rows add products in the order of their stored values."""
    weights = node.weights.array.astype(node.type.numpy)
    if isinstance(x, Csr):
        y = _sparse_product(x, weights)
    else:
        rows = x.reshape(len(x), node.x.type.columns).astype(node.type.numpy)
        y = product_in_order(rows, weights) if node.in_order else rows @ weights
    return y if node.bias is None else y + node.bias.array.astype(node.type.numpy)


@reference(ops.Distances)
def distances(node: ops.Distances, x: Any) -> Any:
    """Return the distance of each row to each center."""
    if isinstance(x, Csr) and node.metric == "sqeuclidean":
        return _squared_sparse(x, node.centers.array.astype(node.type.numpy))
    centers = node.centers.array.astype(np.float64)
    if isinstance(x, Csr):
        return _euclidean_sparse(x, centers).astype(node.type.numpy)
    rows = x.reshape(len(x), centers.shape[1]).astype(np.float64)
    return pairwise_distances(node.metric, rows, centers, node.p).astype(node.type.numpy)


def pairwise_distances(metric: str, rows: np.ndarray, centers: np.ndarray, p: float = 2.0) -> Any:
    """Return the distance of each row to each center, in float64."""
    if metric == "powers":
        return _powers(rows, centers, p)
    return _MEASURES[metric](rows, centers)


def _sparse_product(x: Csr, weights: np.ndarray) -> Any:
    y = np.zeros((len(x), *weights.shape[1:]), weights.dtype)
    for i, row in enumerate(pairs_of(x)):
        for column, value in row:
            y[i] += weights.dtype.type(value) * weights[column]
    return y


def _squared_sparse(x: Csr, centers: np.ndarray) -> Any:
    """Add each stored value's ``(x - c)**2 - c**2`` in order, then the sum of all ``c**2``."""
    norms = np.add.accumulate(centers * centers, axis=1)[:, -1]
    y = np.zeros((len(x), len(centers)), centers.dtype)
    for i, row in enumerate(pairs_of(x)):
        for column, value in row:
            here = centers[:, column]
            away = centers.dtype.type(value) - here
            y[i] += away * away - here * here
    y += norms
    return np.where(y < 0, centers.dtype.type(0), y)


def _euclidean_sparse(x: Csr, centers: np.ndarray) -> Any:
    """Square each stored value separately, as the library does, even if a row stores a column twice."""
    stored = np.array([sum(float(value) ** 2 for _, value in row) for row in pairs_of(x)], np.float64)
    return np.sqrt(_from_squares(x.dense().astype(np.float64), stored, centers))


def _squared(rows: np.ndarray, centers: np.ndarray) -> Any:
    return _from_squares(rows, (rows * rows).sum(axis=1), centers)


def _from_squares(rows: np.ndarray, squares: np.ndarray, centers: np.ndarray) -> Any:
    return np.maximum(-2 * (rows @ centers.T) + squares[:, None] + (centers * centers).sum(axis=1), 0)


def _cosine(rows: np.ndarray, centers: np.ndarray) -> Any:
    sizes = np.linalg.norm(rows, axis=1)[:, None] * np.linalg.norm(centers, axis=1)
    similarity = np.divide(rows @ centers.T, sizes, out=np.zeros((len(rows), len(centers))), where=sizes != 0)
    return np.clip(1 - similarity, 0, 2)


def _powers(rows: np.ndarray, centers: np.ndarray, p: float) -> Any:
    return (_gaps(rows, centers) ** p).sum(axis=2)


def _gaps(rows: np.ndarray, centers: np.ndarray) -> Any:
    return np.abs(rows[:, None] - centers)


def _sizes(rows: np.ndarray, centers: np.ndarray) -> Any:
    return np.abs(rows)[:, None] + np.abs(centers)


def _quotient(a: Any, b: Any) -> Any:
    """``a / b``, or zero for zero b."""
    return np.divide(a, b, out=np.zeros(np.shape(a)), where=b != 0)


def _chi2(rows: np.ndarray, centers: np.ndarray) -> Any:
    return _quotient(_gaps(rows, centers) ** 2, rows[:, None] + centers).sum(axis=2)


def _nan_euclidean(rows: np.ndarray, centers: np.ndarray) -> Any:
    gaps = _gaps(rows, centers)
    present = (~np.isnan(rows)[:, None] & ~np.isnan(centers)).sum(axis=2)
    squares = np.nansum(gaps**2, axis=2) / np.maximum(present, 1) * rows.shape[1]
    return np.where(present == 0, np.nan, np.sqrt(squares))


_MEASURES = {
    "sqeuclidean": _squared,
    "euclidean": lambda rows, centers: np.sqrt(_squared(rows, centers)),
    "manhattan": lambda rows, centers: np.abs(rows[:, None] - centers).sum(axis=2),
    "chebyshev": lambda rows, centers: np.abs(rows[:, None] - centers).max(axis=2, initial=0),
    "cosine": _cosine,
    "squares": lambda rows, centers: (_gaps(rows, centers) ** 2).sum(axis=2),
    "canberra": lambda rows, centers: _quotient(_gaps(rows, centers), _sizes(rows, centers)).sum(axis=2),
    "braycurtis": lambda rows, centers: _quotient(_gaps(rows, centers).sum(axis=2), _sizes(rows, centers).sum(axis=2)),
    "hamming": lambda rows, centers: _quotient(
        (rows[:, None] != centers).sum(axis=2) * 1.0, np.full((len(rows), len(centers)), rows.shape[1])
    ),
    "chi2": _chi2,
    "nan_euclidean": _nan_euclidean,
}
