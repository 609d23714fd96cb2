"""References of topics and matching pursuit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.reference.sums import less_products, solve_backwards, solve_forwards
from pretzel.plan.values import Csr

_EULER = 0.577215664901532860606512090082402431


@reference(ops.Topics)
def topics(node: ops.Topics, x: Any) -> Any:
    """Return the Dirichlet parameters of each row's topics."""
    if ((x.data if isinstance(x, Csr) else x) < 0).any():
        raise InputError("a count is negative")
    rows = (x.dense() if isinstance(x, Csr) else x).reshape(len(x), node.x.type.columns)
    return np.array([_topics(node, row) for row in rows], node.type.numpy).reshape(len(rows), node.type.columns)


def _topics(node: ops.Topics, row: np.ndarray) -> np.ndarray:
    present, real = row != 0, row.dtype.type
    counts, words = row[present], node.words.array[:, present]
    shares = np.ones(len(words), row.dtype)
    powers = _expected(shares)
    for _ in range(node.iterations):
        last = shares
        likely = powers @ words + np.finfo(row.dtype).eps
        shares = powers * (words @ (counts / likely)) + real(node.prior)
        powers = _expected(shares)
        if np.abs(last - shares).mean(dtype=np.float64) < node.tolerance:
            break
    return shares


def _expected(shares: np.ndarray) -> Any:
    """Return the exponential of the expected logarithm of each share."""
    total = shares.dtype.type(0)
    for share in shares:
        total += share
    logarithms = np.array([_digamma(share) - _digamma(total) for share in shares], shares.dtype)
    return np.exp(logarithms)


def _digamma(x: Any) -> Any:
    """Return the digamma function by Bernardo's algorithm AS 103, rounded at each step like the library's."""
    real = type(x)
    if x <= 1e-6:
        return real(-_EULER - 1.0 / float(x))
    result = real(0)
    while x < 6:
        result = real(float(result) - 1.0 / float(x))
        x = real(x + real(1))
    r = real(1.0 / float(x))
    result = real(float(result) + (math.log(x) - 0.5 * float(r)))
    r = real(r * r)
    square = float(r)
    return real(float(result) - square * (1 / 12 - square * (1 / 120 - square * (1 / 252))))


@reference(ops.MatchingPursuit)
def matching_pursuit(node: ops.MatchingPursuit, x: np.ndarray) -> Any:
    """Return the coefficients of each row's atoms."""
    return np.array([_pursued(node, row) for row in x], np.float64).reshape(x.shape)


def _pursued(node: ops.MatchingPursuit, products: np.ndarray) -> np.ndarray:
    """Take the sums in order: the last bit of the residual decides between two equal atoms."""
    gram, tiny = node.gram.array, np.finfo(np.float64).eps
    order, solution = np.arange(len(products)), np.zeros(0)
    residual, factor = products.copy(), np.zeros((node.count, node.count))
    for taken in range(node.count):
        best = int(np.argmax(np.abs(residual[order])))
        if best < taken or residual[order[best]] ** 2 < tiny:
            break
        atom = order[best]
        row = solve_forwards(factor[:taken, :taken], gram[atom, order[:taken]])
        rest = gram[atom, atom] - np.sqrt(-less_products(0.0, row, row)) ** 2
        if taken and rest <= tiny:
            break
        factor[taken, :taken], factor[taken, taken] = row, np.sqrt(rest)
        order[[taken, best]] = order[[best, taken]]
        lower = factor[: taken + 1, : taken + 1]
        solution = solve_backwards(lower, solve_forwards(lower, products[order[: taken + 1]]))
        residual = products + less_products(np.zeros(len(products)), gram[:, order[: taken + 1]].T, solution)
    coefficients = np.zeros(len(products))
    coefficients[order[: len(solution)]] = solution
    return coefficients
