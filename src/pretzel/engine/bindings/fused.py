"""Kernels of the operators that rewrites create."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

_ROOM = 1e300  # sums below this do not overflow, in any order


def _counted(node: Node) -> Mapping[str, Parameter]:
    """Add to each word of the ``kept`` bits the number of columns kept before it."""
    kept = node.parameters.get("kept")
    if kept is None:
        return node.parameters
    ones = np.unpackbits(kept.array.view(np.uint8)).reshape(-1, 64).sum(axis=1, dtype=np.uint64)
    before = np.cumsum(ones, dtype=np.uint64) - ones
    return {**node.parameters, "kept": Parameter.of(np.column_stack([kept.array, before]))}


def _in_columns(node: Node) -> Mapping[str, Parameter]:
    """Transpose the weights to ``[k, width]``, and add the magnitude below which no product of a row overflows."""
    node = cast(ops.RequireFiniteProduct, node)
    weights = node.weights.array.reshape(len(node.weights), -1)
    zeros = np.zeros(len(weights))
    mean = zeros if node.mean is None else node.mean.array
    scale = zeros + 1 if node.scale is None else node.scale.array
    bias = np.zeros(weights.shape[1]) if node.bias is None else node.bias.array
    with np.errstate(all="ignore"):
        slope = np.abs(weights / scale[:, None]).max(initial=0.0) * max(len(weights), 1)
        least = np.abs(1 / scale).max(initial=1.0)
        room = _ROOM - (np.abs(mean).max(initial=0.0) * max(slope, least) + np.abs(bias).max(initial=0.0))
        limit = room / max(slope, least, 1.0)
    proven = limit > 0 and np.isfinite(limit)
    arrays = {"weights": np.ascontiguousarray(weights.T), "bias": bias, "mean": mean, "scale": scale}
    arrays["limit"] = np.array([limit if proven else -1.0])
    return {name: Parameter.of(array) for name, array in arrays.items()}


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.Sum: (Binding("sum", "fused.sum:Sum"),),
    ops.RequireWithin: (Binding("require_within", "fused.require_within:RequireWithin"),),
    ops.CompactLinear: (
        Binding("compact_linear", "fused.compact_linear:CompactLinear", derive=_counted, drop=("dtype",)),
    ),
    ops.RequireFiniteProduct: (
        Binding("require_finite_product", "fused.require_finite_product:RequireFiniteProduct", derive=_in_columns),
    ),
    ops.NormalizedLinear: (Binding("normalized_linear", "fused.normalized_linear:NormalizedLinear"),),
}
