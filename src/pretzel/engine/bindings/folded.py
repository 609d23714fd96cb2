"""Kernels of the operators that rewriting makes."""

from __future__ import annotations

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node

FOLDED: dict[type[Node], tuple[Binding, ...]] = {
    ops.Sum: (Binding("sum", "folded.sum:Sum"),),
    ops.RequireWithin: (Binding("require_within", "folded.require_within:RequireWithin"),),
    ops.NormalizedLinear: (Binding("normalized_linear", "folded.normalized_linear:NormalizedLinear"),),
}
