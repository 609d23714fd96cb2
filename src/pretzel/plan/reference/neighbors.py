"""What the operators on neighbours mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.reference.linear import apart
from pretzel.plan.reference.sums import factored, product_in_order, solve_backwards, solve_forwards
from pretzel.plan.values import Csr


class Heap:
    """The smallest values so far, the largest on top, as ``sklearn.utils._heap`` keeps them."""

    def __init__(self, count: int, none: int = -1) -> None:
        """Begin with infinities at no position, whatever number stands for it."""
        self.values, self.positions = [np.inf] * count, [none] * count

    def push(self, value: float, position: int) -> None:
        """Take the largest out for a smaller value; a NaN stays outside."""
        if not value < self.values[0]:
            return
        i, count = 0, len(self.values)
        while (child := 2 * i + 1) < count:
            if child + 1 < count and self.values[child] < self.values[child + 1]:
                child += 1
            if not value < self.values[child]:
                break
            self.values[i], self.positions[i] = self.values[child], self.positions[child]
            i = child
        self.values[i], self.positions[i] = value, position

    def sorted(self) -> list[int]:
        """Return the positions by value, then by position; at the end -1 for what is missing."""
        found = sorted((v, p) for v, p in zip(self.values, self.positions, strict=True) if p >= 0)
        return [p for _, p in found] + [-1] * (len(self.values) - len(found))


@reference(ops.Nearest)
def nearest(node: ops.Nearest, x: np.ndarray) -> Any:
    """Return what a heap leaves of each row; infinities and NaN only where numbers are too few."""
    made = [_smallest(node, row.astype(np.float64)) for row in x]
    return np.array(made, np.int64).reshape(len(x), node.count)


def _smallest(node: ops.Nearest, values: np.ndarray) -> list[int]:
    beyond = values > node.limit
    found = (_lowest if node.first else _left)(values, np.flatnonzero(~beyond), node.count)
    found += [-1] * int(beyond.sum())
    rest = [*np.flatnonzero((values == np.inf) & ~beyond), *np.flatnonzero(np.isnan(values))]
    return (found + rest)[: node.count]


def _left(values: np.ndarray, near: np.ndarray, count: int) -> list[int]:
    """Return the positions that a heap leaves."""
    heap = Heap(count)
    for position in near:
        heap.push(float(values[position]), int(position))
    return [p for p in heap.sorted() if p >= 0]


def _lowest(values: np.ndarray, near: np.ndarray, count: int) -> list[int]:
    """Return the positions of the smallest values below infinity, of equal ones the first."""
    found: list[int] = sorted((p for p in near.tolist() if values[p] < np.inf), key=lambda p: (values[p], p))
    return found[:count]


@reference(ops.NearestInTree)
def nearest_in_tree(node: ops.NearestInTree, x: np.ndarray) -> Any:
    """Return what a heap leaves of the leaves, visited from the root."""
    rows = x.reshape(len(x), node.x.type.columns)
    made = [_visited(node, row).sorted() for row in rows]
    return np.array(made, np.int64).reshape(len(x), node.count)


def _visited(node: ops.NearestInTree, x: np.ndarray) -> Heap:
    heap, nodes, order = Heap(node.count, none=0), len(node.spans), node.order.array
    far = apart(node.metric, x[None, :], node.rows.array, node.p)[0]
    bounds = _bounds(node, x)

    def visit(i: int) -> None:
        if bounds[i] > heap.values[0]:
            return
        if 2 * i + 1 < nodes:
            children = [child for child in (2 * i + 1, 2 * i + 2) if child < nodes]
            for child in sorted(children, key=lambda c: bounds[c]):
                visit(child)
            return
        begin, end = node.spans.array[i]
        for position in order[begin:end]:
            heap.push(float(far[position]), int(position))

    visit(0)
    return heap


def _bounds(node: ops.NearestInTree, x: np.ndarray) -> Any:
    """Return how near each node can be to x, as the metric measures."""
    low, high = node.low.array, node.high.array
    if high.ndim == 2:
        gaps = np.maximum(low - x, 0) + np.maximum(x - high, 0)
        return apart(node.metric, np.zeros((1, len(x))), gaps, node.p)[0]
    centers, root = apart(node.metric, x[None, :], low, node.p)[0], _ROOTS.get(node.metric, 1.0)
    root = 1 / node.p if node.metric == "powers" else root
    return np.maximum(centers**root - high, 0) ** (1 / root)


_ROOTS = {"squares": 0.5}


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
            solution = _solved(rows[positions[i]] - row, node.regularization)
            made[i] = solution / sum(solution.tolist())
    return made


def _solved(gaps: np.ndarray, regularization: float) -> np.ndarray:
    gram = product_in_order(gaps, gaps.T)
    trace = sum(gram.diagonal().tolist())
    gram += np.eye(len(gram)) * (regularization * trace if trace > 0 else regularization)
    lower = factored(gram)
    return solve_backwards(lower, solve_forwards(lower, np.ones(len(gram))))


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
