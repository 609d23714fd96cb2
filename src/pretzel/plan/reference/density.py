"""Reference of kernel density estimates over a tree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.reference.linear import pairwise_distances


@reference(ops.TreeDensity)
def tree_density(node: ops.TreeDensity, x: np.ndarray) -> Any:
    """Return the density of each row, from bounds refined until they meet."""
    rows = x.reshape(len(x), node.x.type.columns)
    return np.array([_Walk(node, row).density() for row in rows], np.float64)


class _Walk:
    """Bounds of the density at one row, updated as in ``BinaryTree.kernel_density``."""

    def __init__(self, node: ops.TreeDensity, x: np.ndarray) -> None:
        self.node = node
        with np.errstate(all="ignore"):
            far = _distances(node, x, node.rows.array)
            self.rows = [_log_kernel(node, d) + w for d, w in zip(far, node.log_weights.array.tolist(), strict=True)]
            self.near, self.far = _extremes(node, x)
        self.log_total, self.log_masses = _log(node.total), [_log(mass) for mass in node.masses.array.tolist()]
        self.least, spread = self.bounds(0, self.log_total)
        self.spread = spread
        self.of_nodes = {0: (self.least, spread)}

    def density(self) -> float:
        """Return the logarithm of the sum, halfway between its final bounds."""
        self._nearest_first() if self.node.breadth_first else self._visit(0)
        return _added(self.least, self.spread - math.log(2)) + self.node.norm

    def bounds(self, i: int, log_mass: float) -> tuple[float, float]:
        """Return the lower bound of a node's contribution, and the gap to its upper bound."""
        least = log_mass + _log_kernel(self.node, self.far[i])
        return least, _subtracted(log_mass + _log_kernel(self.node, self.near[i]), least)

    def _nearest_first(self) -> None:
        heap = [(self.near[0], 0)]
        while heap:
            i = _pop(heap)
            if self._is_settled(i):
                continue
            if self.node.norm + self.spread <= -math.inf:
                break
            for child in self._replaced(i):
                mass = self.log_masses[child]
                least, spread = self.bounds(child, mass)[0], mass + _log_kernel(self.node, self.near[child])
                self._add(child, least, spread)
                _push(heap, (self.near[child], child))

    def _visit(self, i: int) -> None:
        if self._is_settled(i) or self.node.norm + self.spread <= -math.inf:
            return
        children = self._replaced(i)
        for child in children:
            self._add(child, *self.bounds(child, self.log_masses[child]))
        for child in children:
            self._visit(child)

    def _is_settled(self, i: int) -> bool:
        return self.node.norm + self.of_nodes[i][1] - self.log_masses[i] + self.log_total <= -math.inf

    def _add(self, i: int, least: float, spread: float) -> None:
        self.of_nodes[i] = least, spread
        self.least, self.spread = _added(self.least, least), _added(self.spread, spread)

    def _replaced(self, i: int) -> list[int]:
        """Remove a node from the bounds; return its children, or add the rows of a leaf."""
        least, spread = self.of_nodes[i]
        self.least, self.spread = _subtracted(self.least, least), _subtracted(self.spread, spread)
        begin, end = self.node.spans.array[i].tolist()
        if 2 * i + 2 < len(self.node.spans) and end - begin >= 2:
            return [2 * i + 1, 2 * i + 2]
        for value in self.rows[begin:end]:
            self.least = _added(self.least, value)
        return []


def _distances(node: ops.TreeDensity, x: np.ndarray, rows: np.ndarray) -> list[float]:
    if node.metric == "powers":  # NumPy's powers round differently, and the last bit may decide
        return [_norm(row, node.p) for row in np.abs(x - rows).tolist()]
    away = pairwise_distances(node.metric, x[None, :], rows, node.p)[0]
    return [_root(node, value) for value in away.tolist()]


def _root(node: ops.TreeDensity, value: float) -> float:
    if node.metric == "squares":
        return math.sqrt(value)
    if value != value and node.metric in ("canberra", "braycurtis"):
        return 0.0  # the center of a ball without weight is NaN, and these metrics skip NaN divisors
    return value


def _extremes(node: ops.TreeDensity, x: np.ndarray) -> tuple[list[float], list[float]]:
    """Return the minimum and maximum distance of each node's rows."""
    low, high = node.low.array, node.high.array
    if high.ndim == 1:
        centers = np.array(_distances(node, x, low))
        return np.fmax(0.0, centers - high).tolist(), (centers + high).tolist()
    gaps = 0.5 * (((low - x) + np.abs(low - x)) + ((x - high) + np.abs(x - high)))
    farthest = np.fmax(np.abs(low - x), np.abs(x - high))
    if node.metric == "chebyshev":
        near, far = (np.fmax.reduce(values, axis=1, initial=0.0).tolist() for values in (gaps, farthest))
        return near, far
    p = {"manhattan": 1.0, "powers": node.p}.get(node.metric, 2.0)
    near, far = ([_norm(row, p) for row in values.tolist()] for values in (gaps, farthest))
    return near, far


def _norm(values: list[float], p: float) -> float:
    total = 0.0
    for value in values:
        total += _power(value, p)
    return _power(total, 1 / p)


def _log_kernel(node: ops.TreeDensity, far: float) -> float:
    h = node.bandwidth
    if node.kernel == "gaussian":
        return -0.5 * (far * far) / (h * h)
    if node.kernel == "exponential":
        return -far / h
    if not far < h:
        return -math.inf
    kernels = {
        "tophat": lambda: 0.0,
        "epanechnikov": lambda: _log(1.0 - (far * far) / (h * h)),
        "linear": lambda: _log(1 - far / h),
        "cosine": lambda: _log(math.cos(0.5 * math.pi * far / h)),
    }
    return kernels[node.kernel]()


def _added(a: float, b: float) -> float:
    """``log(exp(a) + exp(b))``."""
    most = max(a, b) if a == a and b == b else a if b != b else b
    return -math.inf if most == -math.inf else most + _log(math.exp(a - most) + math.exp(b - most))


def _subtracted(a: float, b: float) -> float:
    """``log(exp(a) - exp(b))``."""
    return -math.inf if a <= b else a + _log(1 - math.exp(b - a))


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf if value == 0 else math.nan


def _power(value: float, p: float) -> float:
    try:
        return math.pow(value, p)
    except OverflowError:
        return math.inf


def _push(heap: list[tuple[float, int]], item: tuple[float, int]) -> None:
    """Push as in ``NodeHeap``, whose layout decides which of equally near nodes is on top."""
    heap.append(item)
    i = len(heap) - 1
    while i and not heap[(i - 1) // 2][0] <= heap[i][0]:
        heap[i], heap[(i - 1) // 2] = heap[(i - 1) // 2], heap[i]
        i = (i - 1) // 2


def _pop(heap: list[tuple[float, int]]) -> int:
    top, last = heap[0], heap.pop()
    if heap:
        heap[0] = last
    i = 0
    while (child := 2 * i + 1) < len(heap):
        if child + 1 < len(heap) and not heap[child][0] <= heap[child + 1][0]:
            child += 1
        if not heap[child][0] <= heap[i][0]:
            break
        heap[i], heap[child] = heap[child], heap[i]
        i = child
    return top[1]
