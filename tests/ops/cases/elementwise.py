"""Elementwise: every function of dense and sparse values; the C library and NumPy differ by a few last bits."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.dense import FUNCTIONS, TESTS
from tests.ops import harness
from tests.ops.cases import Drawn, matrices, sparse_matrices, values

OPERATOR = ops.Elementwise
TOLERANCE = 4.0


def scale(node: Node, columns: dict[str, Any]) -> np.ndarray:
    """Return one unit in the last place, so that the tolerance counts them; tests are exact."""
    want = harness.meaning(node, columns)
    want = want if isinstance(want, np.ndarray) else want.dense()
    if want.dtype == bool:
        return np.zeros(want.shape)
    with np.errstate(all="ignore"):
        return np.spacing(np.abs(want))


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices() | values() | sparse_matrices())
    functions = FUNCTIONS if x.type.layout == "sparse" else draw(st.sampled_from([FUNCTIONS, FUNCTIONS, TESTS]))
    return ops.Elementwise(x, draw(st.sampled_from(functions))), {"x": value}
