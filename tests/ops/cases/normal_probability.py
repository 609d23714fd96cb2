"""NormalProbability: far tails, infinities; Python's and C's functions differ in a last bit."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import Drawn, matrices, values

OPERATOR = ops.NormalProbability
TOLERANCE = 1e-13


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    only = st.just("f64")
    x, value = draw(matrices(only) | matrices(only, bound=30.0) | values(only, bound=4.0))
    return ops.NormalProbability(x), {"x": value}
