"""Nearest: few values and many, with ties, infinities and NaN, with and without a limit."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import Drawn, matrices

OPERATOR = ops.Nearest


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices())
    limit = draw(st.sampled_from([float("inf"), 1.0, 0.0]))
    return ops.Nearest(x, draw(st.integers(1, x.type.columns)), limit, draw(st.booleans())), {"x": value}
