"""RequireFiniteProduct: products that overflow or do not, with and without a scaling before them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import Drawn, matrices

OPERATOR = ops.RequireFiniteProduct


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(st.just("f64")))
    width, k = x.type.columns, draw(st.integers(1, 3))
    weights = draw(st.sampled_from([1e-3, 1.0, 1e200])) * np.ones((width, k))
    weights[::2] *= draw(st.sampled_from([1, 1, 0]))
    weights = weights[:, 0] if k == 1 and draw(st.booleans()) else weights
    bias, mean, scale = (
        draw(st.none() | st.just(np.full(n, size))) for n, size in ((k, -2.0), (width, 3.0), (width, 0.5))
    )
    arrays = {"bias": bias, "mean": mean, "scale": scale}
    fields = {name: None if array is None else Parameter.of(array) for name, array in arrays.items()}
    return ops.RequireFiniteProduct(x, Parameter.of(weights), owner="Tester", **fields), {"x": value}
