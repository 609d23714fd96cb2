"""Threshold: ties with the value, either way of counting them."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import Drawn, matrices, values

OPERATOR = ops.Threshold


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices() | values())
    return ops.Threshold(x, draw(st.sampled_from([0.0, 1.0, 0.1, -0.0])), draw(st.booleans())), {"x": value}
