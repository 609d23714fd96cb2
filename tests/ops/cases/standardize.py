"""Standardize: dense, sparse without a mean, parameters of either type, either absent."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import FLOATS, Drawn, arrays, matrices, sparse_matrices, values

OPERATOR = ops.Standardize


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices() | values() | sparse_matrices())
    vector = st.none() | arrays(draw(FLOATS), x.type.columns).map(Parameter.of)
    mean = draw(vector) if x.type.layout == "dense" else None
    return ops.Standardize(x, mean, draw(vector)), {"x": value}
