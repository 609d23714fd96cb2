"""References of the operators on neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.reference.linear import pairwise_distances
from pretzel.plan.reference.sums import factored, product_in_order, solve_backwards, solve_forwards
from pretzel.plan.values import Csr


class Heap:
    """A max-heap of the smallest values so far, as in ``sklearn.utils._heap``."""

    def __init__(self, count: int, none: int = -1) -> None:
        """Fill with infinities at position ``none``."""
        self.values, self.positions = [np.inf] * count, [none] * count

    def push(self, value: float, position: int) -> None:
        """Replace the largest by a smaller value; NaN is ignored."""
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
        """Return the positions by value, then by position, padded with -1."""
        entries = sorted((v, p) for v, p in zip(self.values, self.positions, strict=True) if p >= 0)
        return [p for _, p in entries] + [-1] * (len(self.values) - len(entries))


@reference(ops.Nearest)
def nearest(node: ops.Nearest, x: np.ndarray) -> Any:
    """Return the positions that a heap keeps of each row; infinities and NaN only if too few numbers exist."""
    positions = [_smallest(node, row.astype(np.float64)) for row in x]
    return np.array(positions, np.int64).reshape(len(x), node.count)


def _smallest(node: ops.Nearest, values: np.ndarray) -> list[int]:
    beyond = values > node.limit
    nearest = (_lowest if node.first else _in_heap)(values, np.flatnonzero(~beyond), node.count)
    nearest += [-1] * int(beyond.sum())
    rest = [*np.flatnonzero((values == np.inf) & ~beyond), *np.flatnonzero(np.isnan(values))]
    return (nearest + rest)[: node.count]


def _in_heap(values: np.ndarray, near: np.ndarray, count: int) -> list[int]:
    """Return the positions that a heap keeps."""
    heap = Heap(count)
    for position in near:
        heap.push(float(values[position]), int(position))
    return [p for p in heap.sorted() if p >= 0]


def _lowest(values: np.ndarray, near: np.ndarray, count: int) -> list[int]:
    """Return the positions of the smallest values below infinity, the first of equal ones."""
    order: list[int] = sorted((p for p in near.tolist() if values[p] < np.inf), key=lambda p: (values[p], p))
    return order[:count]


@reference(ops.NearestInTree)
def nearest_in_tree(node: ops.NearestInTree, x: np.ndarray) -> Any:
    """Return the positions that a heap keeps in a traversal from the root."""
    rows = x.reshape(len(x), node.x.type.columns)
    positions = [_visited(node, row).sorted() for row in rows]
    return np.array(positions, np.int64).reshape(len(x), node.count)


def _visited(node: ops.NearestInTree, x: np.ndarray) -> Heap:
    heap, nodes, order = Heap(node.count, none=0), len(node.spans), node.order.array
    far = pairwise_distances(node.metric, x[None, :], node.rows.array, node.p)[0]
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
    """Return the minimum distance of each node to x, in the metric."""
    low, high = node.low.array, node.high.array
    if high.ndim == 2:
        gaps = np.maximum(low - x, 0) + np.maximum(x - high, 0)
        return pairwise_distances(node.metric, np.zeros((1, len(x))), gaps, node.p)[0]
    centers, root = pairwise_distances(node.metric, x[None, :], low, node.p)[0], _ROOTS.get(node.metric, 1.0)
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
    blended = np.zeros((len(positions), table.shape[1]))
    for column in range(table.shape[1]):
        entries = np.zeros(positions.shape)
        entries[inside] = table[positions[inside], column]
        if node.form == "min":
            blended[:, column] = np.where(inside, weights + entries, np.inf).min(axis=1)
        else:
            blended[:, column] = np.where(inside, weights * entries, 0.0).sum(axis=1)
    return blended if len(node.table.shape) == 2 else blended[:, 0]


@reference(ops.Barycenter)
def barycenter(node: ops.Barycenter, x: np.ndarray, positions: np.ndarray) -> Any:
    """Return the normalized solution for each row."""
    rows = node.rows.array
    inside = (positions >= 0) & (positions < len(rows))
    weights = np.full(positions.shape, np.nan)
    for i, row in enumerate(x.reshape(len(x), rows.shape[1])):
        if inside[i].all():
            solution = _solved(rows[positions[i]] - row, node.regularization)
            weights[i] = solution / sum(solution.tolist())
    return weights


def _solved(gaps: np.ndarray, regularization: float) -> np.ndarray:
    gram = product_in_order(gaps, gaps.T)
    trace = sum(gram.diagonal().tolist())
    gram += np.eye(len(gram)) * (regularization * trace if trace > 0 else regularization)
    lower = factored(gram)
    return solve_backwards(lower, solve_forwards(lower, np.ones(len(gram))))


@reference(ops.Scatter)
def scatter(node: ops.Scatter, positions: np.ndarray, values: np.ndarray) -> Any:
    """Return the values of each row sorted by position, the first of each position."""
    data, indices, starts = [values[:0].ravel()], [np.zeros(0, np.int64)], [0]
    for places, value in zip(positions, values, strict=True):
        columns, first = np.unique(places, return_index=True)
        inside = (columns >= 0) & (columns < node.width)
        data.append(value[first[inside]])
        indices.append(columns[inside])
        starts.append(starts[-1] + int(inside.sum()))
    return Csr(np.concatenate(data), np.concatenate(indices).astype(np.int32), np.array(starts, np.int64), node.width)
