"""Bin: edges of either sign, repeated and infinite ones, columns without any."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import Drawn, matrices, numbers, values

OPERATOR = ops.Bin
EDGES = st.lists(numbers("f64").filter(lambda edge: edge == edge), max_size=5).map(sorted)


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices() | values())
    edges = [draw(EDGES) for _ in range(x.type.columns)]
    starts = np.cumsum([0, *map(len, edges)]).astype(np.int64)
    flat = np.array([edge for column in edges for edge in column], np.float64)
    return ops.Bin(x, Parameter.of(flat), Parameter.of(starts)), {"x": value}
