"""ArgMin: each rule for ties and NaN."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import Drawn, matrices

OPERATOR = ops.ArgMin


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(st.sampled_from(["f32", "f64", "i64"])))
    return ops.ArgMin(x, draw(st.sampled_from(["numpy", "first", "last"]))), {"x": value}
