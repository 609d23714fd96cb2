"""What the operators at the end of a model mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.values import Csr


@reference(ops.Link)
def link(node: ops.Link, x: np.ndarray) -> Any:
    """From scores to probabilities."""
    if node.function == "softmax":
        return _softmax(x)
    if node.function == "softmax_in_order":
        return _softmax_in_order(x)
    if node.function == "softmax_pair":
        return _softmax(np.stack([-x, x], axis=1))
    if node.function == "shares":
        return _shares(x)
    if node.function == "log_softmax":
        return _log_softmax(x)
    if node.function == "log":
        return np.log(x)
    p = x if node.function == "complement_pair" else _sigmoid(x)
    return p if node.function == "sigmoid" else np.stack([1 - p, p], axis=1)


@reference(ops.ArgMax)
def arg_max(node: ops.ArgMax, x: np.ndarray) -> Any:
    """``argmax(x, axis=1)``."""
    return np.argmax(x, axis=1)


@reference(ops.ArgMin)
def arg_min(node: ops.ArgMin, x: np.ndarray) -> Any:
    """``argmin(x, axis=1)``."""
    return np.argmin(x, axis=1)


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
        raise InputError(f"row {wrong[0]}: code {codes[wrong[0]]} names none of the {len(node.labels)} labels")
    labels = np.array(node.labels.texts) if node.labels.dtype == "str" else node.labels.array
    return labels[codes]


def _above(node: ops.Threshold, x: np.ndarray) -> Any:
    wide = x.astype(np.float64)
    return (wide >= node.value if node.inclusive else wide > node.value).astype(np.int64)


def _sigmoid(x: np.ndarray) -> Any:
    return (1 / (1 + np.exp(-x.astype(np.float64)))).astype(x.dtype)


def _softmax(x: np.ndarray) -> Any:
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _softmax_in_order(x: np.ndarray) -> Any:
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / np.add.accumulate(powers, axis=1, dtype=np.float64)[:, -1:].astype(x.dtype)


def _log_softmax(x: np.ndarray) -> Any:
    """Take the largest out of the sum, all of them where several are equal, as ``logsumexp`` does."""
    largest = x.max(axis=1, keepdims=True)
    count = (x == largest).sum(axis=1, keepdims=True).astype(x.dtype)
    powers = np.exp(x - np.where(np.isfinite(largest), largest, 0).astype(x.dtype))
    rest = np.where(x == largest, 0, powers).astype(x.dtype).sum(axis=1, keepdims=True)
    return x - (np.log1p(np.where(rest == 0, rest, rest / count)) + np.log(count) + largest)


def _shares(x: np.ndarray) -> Any:
    totals = x.sum(axis=1, keepdims=True)
    return np.where(totals == 0, x.dtype.type(1) / x.dtype.type(x.shape[1]), x / np.where(totals == 0, 1, totals))
