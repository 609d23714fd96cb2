"""RequireWithin: limits near and far, with NaN allowed or not, and an estimator's reason."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import Drawn, arrays, matrices, values

OPERATOR = ops.RequireWithin


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(st.just("f64")) | values(st.just("f64")))
    limits = np.sort(draw(arrays("f64", (2, x.type.columns), finite=True)), axis=0)
    if draw(st.booleans()):
        limits = np.array([[-1e308], [1e308]]).repeat(x.type.columns, axis=1)
    low, high = map(Parameter.of, limits)
    node = ops.RequireWithin(x, low, high, "Tester", draw(st.booleans()), draw(st.sampled_from(["", "too far"])))
    return node, {"x": value}
