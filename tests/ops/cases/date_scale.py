"""DateScale: units, multiples, NaT, and results outside of int64."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import ROWS, Drawn, dense_input
from tests.ops.ticks import UNIT, columns

OPERATOR = ops.DateScale


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    factor = st.sampled_from([1, 7, 1000, 10**9, 86_400 * 10**6]) | st.integers(1, 2**63 - 1)
    node = ops.DateScale(dense_input("i64", None), draw(factor), draw(factor))
    return node, {"x": draw(columns(draw(UNIT), draw(ROWS)))}
