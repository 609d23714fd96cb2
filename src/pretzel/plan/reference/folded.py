"""Meanings of the operators that rewriting makes."""

from __future__ import annotations

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import Value, reference
from pretzel.plan.values import Csr


@reference(ops.Sum)
def sum_(node: ops.Sum, *parts: np.ndarray) -> Value:
    """Left to right, the bias last."""
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total if node.bias is None else (total + _bias(node.bias.array, node)).astype(total.dtype)


@reference(ops.NormalizedLinear)
def normalized_linear(node: ops.NormalizedLinear, x: Value) -> Value:
    """The product first, then the quotient."""
    rows = (x.dense() if isinstance(x, Csr) else x).reshape(len(x), -1)
    norms = _norms(rows, node.norm)
    product = rows @ node.weights.array
    quotient = product / np.where(norms == 0, 1.0, norms).reshape(-1, *[1] * (product.ndim - 1))
    return quotient if node.bias is None else quotient + _bias(node.bias.array, node)


def _norms(rows: Value, norm: str) -> Value:
    magnitudes = np.abs(rows)
    if norm == "l2":
        return np.sqrt((rows * rows).sum(axis=1))
    return magnitudes.sum(axis=1) if norm == "l1" else magnitudes.max(axis=1, initial=0.0)


def _bias(bias: Value, node: ops.Sum | ops.NormalizedLinear) -> Value:
    return bias[0] if node.type.width is None else bias
