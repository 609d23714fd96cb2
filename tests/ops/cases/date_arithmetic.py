"""DateArithmetic: NaT on either side, and results outside of int64."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import ROWS, Drawn, dense_input
from tests.ops.ticks import columns

OPERATOR = ops.DateArithmetic


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows = draw(ROWS)
    a, b = (dense_input("i64", None, name) for name in "ab")
    node = ops.DateArithmetic(a, b, draw(st.sampled_from(["add", "subtract"])))
    return node, {name: draw(columns("s", rows)) for name in "ab"}
