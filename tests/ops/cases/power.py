"""Power: every form, exponents near the special cases; logarithms of NumPy and of C differ in the last bit."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.features import POWERS
from pretzel.plan.parameter import Parameter
from tests.ops import harness
from tests.ops.cases import Drawn, arrays, matrices, values

OPERATOR = ops.Power
TOLERANCE = 1e-11


def scale(node: ops.Power, columns: dict[str, Any]) -> Any:
    """Return the size of the result, plus one for the inverse, which subtracts one."""
    return np.abs(harness.meaning(node, columns)) + (1 if node.form == "inverse_yeo_johnson" else 0)


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(st.just("f64"), bound=1e6) | values(st.just("f64"), bound=1e6))
    exponents = draw(arrays("f64", x.type.columns, finite=True, bound=3.0))
    return ops.Power(x, Parameter.of(exponents), draw(st.sampled_from(POWERS))), {"x": value}
