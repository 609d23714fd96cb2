"""NormalizedLinear over dense and sparse rows, by every norm; sums in another order differ by rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.dense import NORMS
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference import REFERENCES
from pretzel.plan.values import Csr
from tests.ops.cases import Drawn, arrays, matrices, sparse_matrices

OPERATOR = ops.NormalizedLinear
TOLERANCE = 1e-12  # the reference sums in NumPy's order, the kernel from left to right

F64 = st.just("f64")


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(F64, bound=1e100) | sparse_matrices(F64, bound=1e100))
    k = draw(st.none() | st.integers(1, 5))
    weights = draw(arrays("f64", (x.type.columns, *([k] if k else [])), bound=1e100))
    bias = draw(st.none() | arrays("f64", k or 1, bound=1e100).map(Parameter.of))
    return ops.NormalizedLinear(x, Parameter.of(weights), bias, draw(st.sampled_from(NORMS))), {"x": value}


def scale(node: Node, columns: dict[str, Any]) -> Any:
    """Return the sum of the magnitudes of the divided terms, to bound the effect of another order."""
    assert isinstance(node, ops.NormalizedLinear)
    magnitudes = ops.NormalizedLinear(node.x, Parameter.of(np.abs(node.weights.array)), None, node.norm)
    x = columns["x"]
    positive = Csr(np.abs(x.data), x.indices, x.starts, x.width) if isinstance(x, Csr) else np.abs(x)
    bias = 0.0 if node.bias is None else np.abs(node.bias.array)
    return REFERENCES[ops.NormalizedLinear](magnitudes, positive) + bias
