"""Distances: squares over sparse rows, to the bit, because k-means compares them."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import FLOATS, Drawn, arrays, sparse_matrices

OPERATOR = ops.Distances


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(sparse_matrices())
    centers = draw(arrays(draw(FLOATS), (draw(st.integers(1, 10)), x.type.columns)))
    return ops.Distances(x, Parameter.of(centers), "sqeuclidean"), {"x": value}
