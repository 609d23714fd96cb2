"""OneHot: codes inside and outside the columns."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import Drawn
from tests.ops.cases.take import codes

OPERATOR = ops.OneHot


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    width, dtype = draw(st.integers(0, 5)), draw(st.sampled_from(["f32", "f64", "i64"]))
    return ops.OneHot(ops.Input("x", "i64"), width, dtype), {"x": draw(codes())}
