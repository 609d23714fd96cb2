"""Kernels of the binary operators and of reductions."""

from __future__ import annotations

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node

BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.Arithmetic: (Binding("arithmetic", "dense.binary:Arithmetic"),),
    ops.Compare: (Binding("compare", "dense.binary:Compare"),),
    ops.Where: (Binding("where", "dense.binary:Where"),),
    ops.Reduce: (Binding("reduce", "dense.reductions:Reduce"),),
}
