"""Reference of the linear operator with compressed weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.values import Csr


@reference(ops.CompactLinear)
def compact_linear(node: ops.CompactLinear, x: Any) -> Any:
    """Widen the weights to the type of the result, add the products in column order, then divide by the norm."""
    kind = node.type.numpy
    weights, places = _widened(node), _places(node)
    y = np.zeros((len(x), weights.shape[1]), kind)
    for i, row in enumerate(_rows(x, node)):
        for column, value in row:
            if places[column] >= 0:
                y[i] += kind.type(value) * weights[places[column]]
        if node.norm:
            y[i] /= _norm(np.array([value for _, value in row], kind), node.norm)
    if node.bias is not None:
        y += node.bias.array.astype(kind)
    return y if node.type.width is not None else y[:, 0]


def _widened(node: ops.CompactLinear) -> Any:
    array = node.weights.array
    halves = array.dtype == np.uint16
    weights = (array.view(np.float16) if halves else array).astype(node.type.numpy)
    return weights.reshape(len(weights), node.type.columns)


def _places(node: ops.CompactLinear) -> Any:
    """Return the row of weights of each column, -1 for none."""
    width = node.x.type.columns
    if node.kept is None:
        return np.arange(width)
    bits = np.unpackbits(node.kept.array.view(np.uint8), bitorder="little")[:width].astype(np.int64)
    return np.where(bits > 0, np.cumsum(bits) - 1, -1)


def _rows(x: Any, node: ops.CompactLinear) -> Iterator[list[tuple[int, Any]]]:
    """Yield (column, value) pairs of each row: the stored ones, or all."""
    if isinstance(x, Csr):
        for a, b in zip(x.starts, x.starts[1:], strict=False):
            yield list(zip(x.indices[a:b].tolist(), x.data[a:b], strict=True))
    else:
        yield from (list(enumerate(row)) for row in x.reshape(len(x), node.x.type.columns))


def _norm(values: np.ndarray, norm: str) -> Any:
    if norm == "max":
        size = np.abs(values).max(initial=0)
    else:
        terms = np.abs(values) if norm == "l1" else values * values
        total = np.add.accumulate(terms)[-1] if len(terms) else values.dtype.type(0)
        size = np.sqrt(total) if norm == "l2" else total
    return size if size != 0 else values.dtype.type(1)
