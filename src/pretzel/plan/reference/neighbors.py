"""What the operators on neighbours mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.values import Csr


@reference(ops.Nearest)
def nearest(node: ops.Nearest, x: np.ndarray) -> Any:
    """``argsort(x)[:count]``, equals in their order."""
    found = np.argsort(x, axis=1, kind="stable")[:, : node.count].astype(np.int64)
    return np.where(np.take_along_axis(x, found, axis=1) > node.limit, -1, found)


@reference(ops.Gather)
def gather(node: ops.Gather, x: np.ndarray, positions: np.ndarray) -> Any:
    """``take_along_axis(x, positions)``."""
    inside = (positions >= 0) & (positions < x.shape[1])
    return np.where(inside, np.take_along_axis(x, np.where(inside, positions, 0), axis=1), x.dtype.type(np.nan))


@reference(ops.Blend)
def blend(node: ops.Blend, positions: np.ndarray, weights: np.ndarray) -> Any:
    """``sum(weights * table[positions])``, or ``min(weights + table[positions])``."""
    table = node.table.array.reshape(len(node.table), node.type.columns)
    inside = (positions >= 0) & (positions < len(table))
    made = np.zeros((len(positions), table.shape[1]))
    for column in range(table.shape[1]):
        entries = np.zeros(positions.shape)
        entries[inside] = table[positions[inside], column]
        if node.form == "min":
            made[:, column] = np.where(inside, weights + entries, np.inf).min(axis=1)
        else:
            made[:, column] = np.where(inside, weights * entries, 0.0).sum(axis=1)
    return made if len(node.table.shape) == 2 else made[:, 0]


@reference(ops.Barycenter)
def barycenter(node: ops.Barycenter, x: np.ndarray, positions: np.ndarray) -> Any:
    """Return the normalized solution for each row."""
    rows = node.rows.array
    inside = (positions >= 0) & (positions < len(rows))
    made = np.full(positions.shape, np.nan)
    for i, row in enumerate(x.reshape(len(x), rows.shape[1])):
        if inside[i].all():
            gaps = rows[positions[i]] - row
            gram = gaps @ gaps.T
            trace = np.trace(gram)
            gram += np.eye(len(gram)) * node.regularization * (trace if trace > 0 else 1.0)
            solution = np.linalg.solve(gram, np.ones(len(gram)))
            made[i] = solution / solution.sum()
    return made


@reference(ops.Scatter)
def scatter(node: ops.Scatter, positions: np.ndarray, values: np.ndarray) -> Any:
    """Return the values of each row in the order of their positions, the first of each position."""
    data, indices, starts = [values[:0].ravel()], [np.zeros(0, np.int64)], [0]
    for found, value in zip(positions, values, strict=True):
        columns, first = np.unique(found, return_index=True)
        inside = (columns >= 0) & (columns < node.width)
        data.append(value[first[inside]])
        indices.append(columns[inside])
        starts.append(starts[-1] + int(inside.sum()))
    return Csr(np.concatenate(data), np.concatenate(indices).astype(np.int32), np.array(starts, np.int64), node.width)
