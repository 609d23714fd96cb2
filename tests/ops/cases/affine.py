"""Affine: dense with and without a shift, sparse, parameters of either type."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import FLOATS, Drawn, arrays, matrices, sparse_matrices, values

OPERATOR = ops.Affine


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices() | values() | sparse_matrices())
    vector = arrays(draw(FLOATS), x.type.columns).map(Parameter.of)
    has_shift = x.type.layout == "dense" and draw(st.booleans())
    return ops.Affine(x, draw(vector), draw(vector) if has_shift else None), {"x": value}
