"""Threshold: ties with the value, inclusive or not, dense and sparse."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import Drawn, matrices, sparse_matrices, values

OPERATOR = ops.Threshold


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices() | values() | sparse_matrices())
    limit = draw(st.sampled_from([0.0, 1.0, 0.1, -0.0]))
    inclusive = draw(st.booleans()) and (limit > 0 or x.type.layout == "dense")
    return ops.Threshold(x, limit, inclusive), {"x": value}
