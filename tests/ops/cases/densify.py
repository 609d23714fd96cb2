"""Densify: sparse rows with empty ones and stored zeros."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import Drawn, sparse_matrices

OPERATOR = ops.Densify


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(sparse_matrices(st.sampled_from(["f32", "f64", "i64"])))
    return ops.Densify(x), {"x": value}
