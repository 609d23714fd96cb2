"""Sums in the term order of the kernels: the last bit decides comparisons."""

from __future__ import annotations

from typing import Any

import numpy as np


def product_in_order(rows: np.ndarray, weights: np.ndarray) -> Any:
    """Return the products, with each sum in column order."""
    y = np.zeros((len(rows), weights.shape[1]), weights.dtype)
    for column, one in zip(rows.T, weights, strict=True):
        y += np.multiply.outer(column, one)
    return y


def less_products(start: Any, factors: np.ndarray, values: np.ndarray) -> Any:
    """Subtract each product from ``start`` in turn."""
    for factor, value in zip(factors, values, strict=True):
        start = start - factor * value
    return start


def solve_forwards(lower: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return z where ``lower @ z == y``."""
    z = np.zeros(len(y))
    for i in range(len(y)):
        z[i] = less_products(y[i], lower[i, :i], z[:i]) / lower[i, i]
    return z


def solve_backwards(lower: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return z where ``lower.T @ z == y``."""
    z = np.zeros(len(y))
    for i in range(len(y) - 1, -1, -1):
        z[i] = less_products(y[i], lower[i + 1 :, i], z[i + 1 :]) / lower[i, i]
    return z


def factored(gram: np.ndarray) -> np.ndarray:
    """Return the Cholesky factor: ``lower @ lower.T == gram``; NaN from the first pivot that is not positive."""
    lower = np.zeros_like(gram)
    for j in range(len(gram)):
        column = less_products(gram[j:, j], lower[j:, :j].T, lower[j, :j])
        lower[j:, j] = column / np.sqrt(column[0])
        lower[j, j] = np.sqrt(column[0])
    return lower
