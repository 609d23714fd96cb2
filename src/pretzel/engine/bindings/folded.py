"""Kernels of the operators that rewriting makes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def _counted(node: Node) -> Mapping[str, Parameter]:
    """Set beside each word of the columns kept how many are kept before it."""
    kept = node.parameters.get("kept")
    if kept is None:
        return node.parameters
    ones = np.unpackbits(kept.array.view(np.uint8)).reshape(-1, 64).sum(axis=1, dtype=np.uint64)
    before = np.cumsum(ones, dtype=np.uint64) - ones
    return {**node.parameters, "kept": Parameter.of(np.column_stack([kept.array, before]))}


FOLDED: dict[type[Node], tuple[Binding, ...]] = {
    ops.Sum: (Binding("sum", "folded.sum:Sum"),),
    ops.RequireWithin: (Binding("require_within", "folded.require_within:RequireWithin"),),
    ops.CompactLinear: (
        Binding("compact_linear", "folded.compact_linear:CompactLinear", derive=_counted, drop=("dtype",)),
    ),
    ops.NormalizedLinear: (Binding("normalized_linear", "folded.normalized_linear:NormalizedLinear"),),
}
