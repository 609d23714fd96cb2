"""Densify: sparse rows with empty ones, stored zeros, NaN, and columns stored twice."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import Drawn, sparse_matrices

OPERATOR = ops.Densify


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(sparse_matrices(st.sampled_from(["f32", "f64", "i64"])))
    absent = draw(st.sampled_from([0.0, -0.0, 1.0, float("nan"), float("inf")])) if x.type.is_float else 0.0
    return ops.Densify(x, absent, draw(st.sampled_from(["sum", "last", "last stored"]))), {"x": value}
