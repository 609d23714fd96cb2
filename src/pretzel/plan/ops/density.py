"""Operator for kernel density estimates over a tree of the training rows."""

from __future__ import annotations

import math

import numpy as np

from pretzel.plan.node import Node
from pretzel.plan.ops.neighbors import TREE_METRICS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

__all__ = ["TreeDensity"]

DENSITY_KERNELS = ("gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine")


class TreeDensity(Node):
    """The logarithm of the sum of a kernel over the distances to all rows of a tree, plus ``norm``.

    The tree is scikit-learn's: node i has the children 2i + 1 and 2i + 2.  The lower bound of the sum, and the gap to
    the upper bound, are kept as logarithms while each node is replaced by its children and each leaf by its rows,
    without any tolerance.  Far from all rows the rounding errors of the bounds dominate, and a compact kernel may
    return a small density instead of zero.

    Source: ``BinaryTree.kernel_density`` (``KernelDensity.score_samples``).
    """

    x: Node
    rows: Parameter
    """``f64[n, width]``: the training rows, in the order of the leaves."""
    log_weights: Parameter
    """``f64[n]``: the logarithm of the weight of each of ``rows``."""
    spans: Parameter
    """``i64[nodes, 2]``: start and end of each node in ``rows``."""
    masses: Parameter
    """``f64[nodes]``: total weight of the rows of each node."""
    low: Parameter
    """``f64[nodes, width]``: the lower corners of boxes, or the centers of balls."""
    high: Parameter
    """``f64[nodes, width]``: the upper corners of boxes; or ``f64[nodes]``, the radii of balls."""
    total: float
    """Total weight of all rows."""
    kernel: str
    """One of gaussian, tophat, epanechnikov, exponential, linear, cosine."""
    bandwidth: float
    """Above zero."""
    norm: float
    """The logarithm of the kernel's normalization factor."""
    metric: str
    """One of squares (whose root is the distance), manhattan, chebyshev, powers, canberra, braycurtis, hamming."""
    p: float = 2.0
    """The exponent of ``powers``."""
    breadth_first: bool = True
    """If true, the nearest node is replaced next; otherwise the traversal is depth-first."""
    breaker = True
    compute_bound = True
    exact = True

    def infer(self) -> ValueType:
        """Dense float64 in, one f64 per row out."""
        if self.x.type.dtype != "f64" or self.x.type.layout != "dense":
            raise self.fail(f"x: expected dense f64, got {self.x.type}")
        self._check_options()
        self._check_shapes()
        self._check_spans()
        return dense("f64")

    def _check_options(self) -> None:
        if self.metric not in TREE_METRICS:
            raise self.fail(f"metric: expected one of {', '.join(TREE_METRICS)}, got {self.metric!r}")
        if self.kernel not in DENSITY_KERNELS:
            raise self.fail(f"kernel: expected one of {', '.join(DENSITY_KERNELS)}, got {self.kernel!r}")
        if not 0 <= self.total < math.inf:
            raise self.fail(f"total: expected a finite number, 0 or more, got {self.total}")
        for name in ("p", "bandwidth"):
            if not 0 < getattr(self, name) < math.inf:
                raise self.fail(f"{name}: expected a finite number above zero, got {getattr(self, name)}")

    def _check_shapes(self) -> None:
        n, nodes, width = len(self.rows), len(self.spans), self.x.type.columns
        shapes = {
            "rows": ("f64", (n, width)),
            "log_weights": ("f64", (n,)),
            "spans": ("i64", (nodes, 2)),
            "masses": ("f64", (nodes,)),
            "low": ("f64", (nodes, width)),
            "high": ("f64", (nodes,) if len(self.high.shape) == 1 else (nodes, width)),
        }
        for name, (dtype, shape) in shapes.items():
            parameter = self.parameters[name]
            if (parameter.dtype, parameter.shape) != (dtype, shape) or nodes == 0:
                raise self.fail(f"{name}: expected {dtype} of shape {shape}, got {parameter}")

    def _check_spans(self) -> None:
        """Check that children split the rows of their parent, so that each row is read once."""
        begin, end = self.spans.array.T
        if (begin[0], end[0]) != (0, len(self.rows)) or (begin < 0).any() or (end > len(self.rows)).any():
            raise self.fail(f"spans: expected [0, {len(self.rows)}] first and all within it, got {self.spans}")
        parents = np.arange((len(begin) - 1) // 2)
        parents = parents[end[parents] - begin[parents] >= 2]  # fewer rows make a leaf
        left, right = 2 * parents + 1, 2 * parents + 2
        split = (begin[left] == begin[parents]) & (end[left] == begin[right]) & (end[right] == end[parents])
        split &= (begin[left] <= end[left]) & (begin[right] <= end[right])
        if not split.all():
            raise self.fail(f"spans: the children of node {parents[~split][0]} do not split its rows")
