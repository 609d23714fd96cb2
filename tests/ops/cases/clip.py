"""Clip: bounds of either type, NaN and ties with the bounds."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import FLOATS, Drawn, arrays, matrices, values

OPERATOR = ops.Clip


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices() | values())
    bound = arrays(draw(FLOATS), x.type.columns, finite=True, bound=2.0).map(Parameter.of)
    return ops.Clip(x, draw(bound), draw(bound)), {"x": value}
