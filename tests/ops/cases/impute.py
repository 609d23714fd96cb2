"""Impute: numbers, with NaN or a number as the missing value."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import Drawn, arrays, matrices, values

OPERATOR = ops.Impute
TYPES = st.sampled_from(["f32", "f64", "i64"])


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(TYPES) | values(TYPES))
    fill = draw(arrays(x.type.dtype, x.type.columns).map(Parameter.of))
    return ops.Impute(x, fill, draw(st.sampled_from([float("nan"), 0.0, 1.0, -1.0]))), {"x": value}
