"""Kernels of the neighbours family."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def _in_order_of_leaves(node: Node) -> Mapping[str, Parameter]:
    """Store rows in the order of the leaves, so that rows read together are contiguous."""
    fields = dict(node.parameters)
    return fields | {"rows": Parameter.of(np.ascontiguousarray(fields["rows"].array[fields["order"].array]))}


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.Nearest: (Binding("nearest", "neighbors.nearest:Nearest"),),
    ops.NearestInTree: (Binding("nearest_in_tree", "neighbors.tree:NearestInTree", derive=_in_order_of_leaves),),
    ops.TreeDensity: (Binding("tree_density", "neighbors.density:TreeDensity"),),
    ops.Gather: (Binding("gather", "neighbors.gather:Gather"),),
    ops.Blend: (Binding("blend", "neighbors.gather:Blend"),),
    ops.Barycenter: (Binding("barycenter", "neighbors.barycenter:Barycenter"),),
    ops.Scatter: (Binding("scatter", "neighbors.gather:Scatter"),),
}
