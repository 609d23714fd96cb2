"""How densely what was learned lies around each row."""

from __future__ import annotations

import math

from pretzel.plan.node import Node
from pretzel.plan.ops.neighbors import TREE_METRICS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

DENSITY_KERNELS = ("gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine")


class TreeDensity(Node):
    """The logarithm of the sum of a kernel of the distances to all rows of a tree, plus ``norm``.

    The tree is scikit-learn's: node i has the children 2i + 1 and 2i + 2.  Lower bounds of the sum and what is left
    between them and the upper ones are kept as logarithms, node after node replaced by its children and a leaf by its
    rows, without any tolerance.  Far from all rows what rounding left of the bounds decides, and a compact kernel may
    give a small density where there is none.

    Source: ``BinaryTree.kernel_density`` (``KernelDensity.score_samples``).
    """

    x: Node
    rows: Parameter
    """``f64[n, width]``: what was learned, in the order in which the leaves hold it."""
    log_weights: Parameter
    """``f64[n]``: the logarithm of the weight of each of ``rows``."""
    spans: Parameter
    """``i64[nodes, 2]``: where in ``rows`` each node begins and ends."""
    masses: Parameter
    """``f64[nodes]``: the weight of all rows of each node."""
    low: Parameter
    """``f64[nodes, width]``: the lower corners of boxes, or the centers of balls."""
    high: Parameter
    """``f64[nodes, width]``: the upper corners of boxes; or ``f64[nodes]``, the radii of balls."""
    total: float
    """The weight of all rows."""
    kernel: str
    """One of gaussian, tophat, epanechnikov, exponential, linear, cosine."""
    bandwidth: float
    """Above zero."""
    norm: float
    """The logarithm of what makes a density of the kernel."""
    metric: str
    """One of squares (whose root is the distance), manhattan, chebyshev, powers, canberra, braycurtis, hamming."""
    p: float = 2.0
    """The exponent of ``powers``."""
    breadth_first: bool = True
    """Whether the nearest node is replaced next, or the tree is gone through in depth."""
    breaker = True
    compute_bound = True
    exact = True

    def infer(self) -> ValueType:
        """Dense float64 in, one f64 for each row out."""
        t, n, width = self.x.type, len(self.rows), self.x.type.columns
        if t.dtype != "f64" or t.layout != "dense":
            raise self.fail(f"x: expected dense f64, got {t}")
        if self.metric not in TREE_METRICS or not 0 < self.p < math.inf:
            raise self.fail(f"metric: expected one of {', '.join(TREE_METRICS)}, got {self.metric!r}, p={self.p}")
        if self.kernel not in DENSITY_KERNELS or not 0 < self.bandwidth < math.inf:
            raise self.fail(f"kernel: expected one of {', '.join(DENSITY_KERNELS)}, got {self.kernel!r}")
        nodes = len(self.spans)
        shapes = {
            "rows": (n, width),
            "log_weights": (n,),
            "spans": (nodes, 2),
            "masses": (nodes,),
            "low": (nodes, width),
        }
        for name, shape in shapes.items():
            if self.parameters[name].shape != shape or nodes == 0:
                raise self.fail(f"{name}: expected shape {shape}, got {self.parameters[name]}")
        if self.high.shape not in ((nodes, width), (nodes,)):
            raise self.fail(f"high: expected boxes or balls of {nodes} nodes, got {self.high}")
        return dense("f64")
