"""Link: every function, with scores that overflow and probabilities of zero."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.heads import LINKS
from tests.ops import harness
from tests.ops.cases import Drawn, matrices, values

OPERATOR = ops.Link
TOLERANCE = 1.0


def scale(node: ops.Link, columns: dict[str, Any]) -> np.ndarray:
    """Return a few units in the last place of the result, or of one for complements."""
    want = harness.meaning(node, columns)
    eps = np.finfo(node.type.numpy).eps
    if node.function.endswith("_pair"):
        return np.full(want.shape, 8 * eps)
    if node.function == "log_softmax":  # a difference of large values, near zero if one value outweighs all
        sizes = np.abs(np.nan_to_num(columns["x"]))
        return np.broadcast_to(sizes.max(axis=1, keepdims=True) + 1, want.shape) * (eps * 64)
    if node.function == "log_sum_exp":  # a logarithm plus the largest value, which may cancel
        return (np.abs(np.nan_to_num(columns["x"])).max(axis=1) + 1) * (eps * 64)
    with np.errstate(invalid="ignore"):
        return np.abs(want) * eps * 64 + np.finfo(node.type.numpy).tiny


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    function = draw(st.sampled_from(LINKS))
    if function.endswith("_pair"):
        x, value = draw(values())
    elif function == "shares":
        x, value = draw(matrices(finite=True, bound=1e3))
        value = np.abs(value)
    else:
        x, value = draw(matrices())
    return ops.Link(x, function), {"x": value}
