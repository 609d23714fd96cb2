"""Kernels of the neighbours family."""

from __future__ import annotations

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node

NEIGHBORS: dict[type[Node], tuple[Binding, ...]] = {
    ops.Nearest: (Binding("nearest", "neighbors.nearest:Nearest"),),
    ops.Gather: (Binding("gather", "neighbors.found:Gather"),),
    ops.Blend: (Binding("blend", "neighbors.found:Blend"),),
    ops.Barycenter: (Binding("barycenter", "neighbors.barycenter:Barycenter"),),
    ops.Scatter: (Binding("scatter", "neighbors.found:Scatter"),),
}
