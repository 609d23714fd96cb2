"""Sparsify: zeros of both signs are left out, missing values are not."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import Drawn, matrices

OPERATOR = ops.Sparsify


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(st.sampled_from(["f32", "f64", "i64"])))
    return ops.Sparsify(x), {"x": value}
