"""Normalize: dense rows; NumPy adds the squares of a row in another order."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.dense import NORMS
from tests.ops.cases import Drawn, matrices

OPERATOR = ops.Normalize
TOLERANCE = 3e-7


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(finite=True, bound=1e6))
    return ops.Normalize(x, draw(st.sampled_from(NORMS))), {"x": value}
