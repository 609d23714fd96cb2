"""Linear over dense rows: few and many sums, types mixed; sums in another order differ by rounding."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import FLOATS, Drawn, arrays, matrices, values

OPERATOR = ops.Linear
TOLERANCE = 1.0


def scale(node: ops.Linear, columns: dict[str, Any]) -> np.ndarray:
    """Return a bound of the rounding error of a sum: n units of the sum of magnitudes."""
    x = columns["x"].reshape(len(columns["x"]), node.x.type.columns)
    terms = np.abs(x).astype(node.type.numpy) @ np.abs(node.weights.array.astype(node.type.numpy))
    bias = 0 if node.bias is None else np.abs(node.bias.array)
    return (terms + bias) * np.finfo(node.type.numpy).eps * (x.shape[1] + 2) + np.finfo(node.type.numpy).tiny


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(finite=True, bound=1e6) | values(finite=True, bound=1e6))
    k, dtype = draw(st.none() | st.integers(1, 21)), draw(FLOATS)
    shape = (x.type.columns,) if k is None else (x.type.columns, k)
    weights = draw(arrays(dtype, shape, finite=True, bound=1e6))
    bias = draw(st.none() | arrays(dtype, k or 1, finite=True, bound=1e6).map(Parameter.of))
    in_order = k is not None and draw(st.booleans())
    return ops.Linear(x, Parameter.of(weights), bias, in_order), {"x": value}
