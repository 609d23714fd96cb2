"""References of the operators that rewrites create."""

from __future__ import annotations

import numpy as np

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.reference import Value, reference
from pretzel.plan.values import Csr


@reference(ops.Sum)
def sum_(node: ops.Sum, *parts: np.ndarray) -> Value:
    """Add from left to right, then the bias."""
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total if node.bias is None else (total + _bias(node.bias.array, node)).astype(total.dtype)


@reference(ops.NormalizedLinear)
def normalized_linear(node: ops.NormalizedLinear, x: Value) -> Value:
    """Compute the product first, then the quotient, over the stored values of sparse rows."""
    rows = [_row(x, i) for i in range(len(x))]
    norms = np.array([_norm(values, node.norm) for values, _ in rows])
    product = np.array([values @ node.weights.array[columns] for values, columns in rows])
    product = product.reshape(len(rows), *node.weights.shape[1:])
    quotient = product / np.where(norms == 0, 1.0, norms).reshape(-1, *[1] * (product.ndim - 1))
    return quotient if node.bias is None else quotient + _bias(node.bias.array, node)


@reference(ops.RequireWithin)
def require_within(node: ops.RequireWithin, x: Value) -> Value:
    """Return x, or reject values outside the limits."""
    rows = x.reshape(len(x), node.type.columns)
    inside = (node.low.array <= rows) & (rows <= node.high.array)
    if not (inside | (np.isnan(rows) & node.allow_nan)).all():
        raise InputError(node.reason or f"Input X of {node.owner} contains NaN, infinity or a value too large")
    return x


@reference(ops.RequireFiniteProduct)
def require_finite_product(node: ops.RequireFiniteProduct, x: Value) -> Value:
    """Return x, or reject rows whose product is not finite."""
    with np.errstate(all="ignore"):
        scaled = x if node.mean is None else x - node.mean.array
        scaled = scaled if node.scale is None else scaled / node.scale.array
        terms = scaled[:, :, None] * node.weights.array.reshape(x.shape[1], -1)
        product = terms.sum(axis=1) + (0.0 if node.bias is None else node.bias.array)
    if not np.isfinite(product).all():
        raise InputError(f"Input X of {node.owner} contains NaN, infinity or a value too large")
    return x


def _row(x: Value, i: int) -> tuple[Value, Value]:
    if isinstance(x, Csr):
        stored = slice(x.starts[i], x.starts[i + 1])
        return x.data[stored], x.indices[stored]
    return np.atleast_1d(x[i]), slice(None)


def _norm(values: Value, norm: str) -> Value:
    if norm == "l2":
        return np.sqrt((values * values).sum())
    return np.abs(values).sum() if norm == "l1" else np.abs(values).max(initial=0.0)


def _bias(bias: Value, node: ops.Sum | ops.NormalizedLinear) -> Value:
    return bias[0] if node.type.width is None else bias
