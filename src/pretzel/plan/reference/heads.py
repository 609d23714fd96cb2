"""References of the operators at the end of a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.values import Csr


@reference(ops.Link)
def link(node: ops.Link, x: np.ndarray) -> Any:
    """Apply the link function."""
    if node.function == "softmax":
        return _softmax(x)
    if node.function == "softmax_in_order":
        return _softmax_in_order(x)
    if node.function == "softmax_pair":
        return _softmax(np.stack([-x, x], axis=1))
    if node.function == "shares":
        return _shares(x)
    if node.function in ("log_softmax", "log_sum_exp"):
        logarithm = _log_sum_exp(x)
        return x - logarithm if node.function == "log_softmax" else logarithm[:, 0]
    if node.function == "inverse_distances":
        return _inverse_distances(x)
    if node.function == "log":
        return np.log(x)
    p = x if node.function == "complement_pair" else _sigmoid(x)
    return p if node.function == "sigmoid" else np.stack([1 - p, p], axis=1)


@reference(ops.Coupling)
def coupling(node: ops.Coupling, x: np.ndarray) -> Any:
    """Return the class probabilities of each row's pairs."""
    classes = node.type.columns
    pairs = x.reshape(len(x), node.x.type.columns)
    return np.array([_coupled(row, classes) for row in pairs]).reshape(len(x), classes)


@reference(ops.ArgMax)
def arg_max(node: ops.ArgMax, x: np.ndarray) -> Any:
    """``argmax(x, axis=1)``, or the first or last of the largest, passing over NaN."""
    return np.argmax(x, axis=1) if node.ties == "numpy" else _passing(x, np.greater, node.ties)


@reference(ops.ArgMin)
def arg_min(node: ops.ArgMin, x: np.ndarray) -> Any:
    """``argmin(x, axis=1)``, or the first or last of the smallest, passing over NaN."""
    return np.argmin(x, axis=1) if node.ties == "numpy" else _passing(x, np.less, node.ties)


def _passing(x: np.ndarray, is_better: np.ufunc, ties: str) -> np.ndarray:
    """Return the position of the best of each row, which every value is compared with in turn."""
    best, value = np.zeros(len(x), np.int64), x[:, 0].copy()
    for i in range(1, x.shape[1]):
        better = is_better(x[:, i], value) | ((x[:, i] == value) & (ties == "last"))
        best[better], value[better] = i, x[better, i]
    return best


@reference(ops.Threshold)
def threshold(node: ops.Threshold, x: Any) -> Any:
    """``x > value``, compared in float64."""
    if isinstance(x, Csr):
        return Csr(_above(node, x.data), x.indices, x.starts, x.width)
    return _above(node, x)


@reference(ops.LabelLookup)
def label_lookup(node: ops.LabelLookup, codes: np.ndarray) -> Any:
    """``classes_[codes]``."""
    wrong = np.flatnonzero((codes < 0) | (codes >= len(node.labels)))
    if len(wrong):
        raise InputError(f"row {wrong[0]}: code {codes[wrong[0]]} has none of the {len(node.labels)} labels")
    labels = np.array(node.labels.texts) if node.labels.dtype == "str" else node.labels.array
    return labels[codes]


def _above(node: ops.Threshold, x: np.ndarray) -> Any:
    wide = x.astype(np.float64)
    return (wide >= node.value if node.inclusive else wide > node.value).astype(np.int64)


def _sigmoid(x: np.ndarray) -> Any:
    return 1 / (1 + np.exp(-x.astype(np.float64)).astype(x.dtype))


def _softmax(x: np.ndarray) -> Any:
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _softmax_in_order(x: np.ndarray) -> Any:
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / np.add.accumulate(powers, axis=1, dtype=np.float64)[:, -1:].astype(x.dtype)


def _log_sum_exp(x: np.ndarray) -> Any:
    """Take the largest out of the sum, with all equal ones, as ``logsumexp`` does."""
    largest = x.max(axis=1, keepdims=True)
    count = (x == largest).sum(axis=1, keepdims=True).astype(x.dtype)
    powers = np.exp(x - np.where(np.isfinite(largest), largest, 0).astype(x.dtype))
    rest = np.where(x == largest, 0, powers).astype(x.dtype).sum(axis=1, keepdims=True)
    return np.log1p(np.where(rest == 0, rest, rest / count)) + np.log(count) + largest


def _inverse_distances(x: np.ndarray) -> Any:
    inverse = x.dtype.type(1) / x
    endless = np.isinf(inverse)
    return np.where(endless.any(axis=1, keepdims=True), endless, inverse).astype(x.dtype)


def _coupled(row: np.ndarray, classes: int) -> np.ndarray:
    """Return p that minimizes ``p.Q.p``, by Wu, Lin and Weng's second method, one class at a time."""
    first, second = np.triu_indices(classes, 1)
    against = np.zeros((classes, classes))
    against[first, second], against[second, first] = row, 1 - row
    q = -against.T * against
    for t in range(classes):
        q[t, t] = np.add.accumulate(against[:, t] ** 2)[-1]
    p = np.full(classes, 1.0 / classes)
    for _ in range(max(100, classes)):
        qp = np.add.accumulate(q * p, axis=1)[:, -1]
        pqp = np.add.accumulate(p * qp)[-1]
        if not np.fmax.reduce(np.abs(qp - pqp), initial=0.0) >= 0.005 / classes:
            break
        for t in range(classes):
            step = (-qp[t] + pqp) / q[t, t]
            p[t] += step
            pqp = (pqp + step * (step * q[t, t] + 2 * qp[t])) / (1 + step) / (1 + step)
            qp = (qp + step * q[t]) / (1 + step)
            p /= 1 + step
    return p


def _shares(x: np.ndarray) -> Any:
    totals = x.sum(axis=1, keepdims=True)
    return np.where(totals == 0, x.dtype.type(1) / x.dtype.type(x.shape[1]), x / np.where(totals == 0, 1, totals))
