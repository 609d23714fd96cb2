"""Normalize: sparse rows to the bit."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.dense import NORMS
from tests.ops.cases import Drawn, sparse_matrices

OPERATOR = ops.Normalize


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(sparse_matrices())
    return ops.Normalize(x, draw(st.sampled_from(NORMS))), {"x": value}
