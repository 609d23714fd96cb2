"""Gather: positions inside and outside the row."""

from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pretzel.plan import ops
from tests.ops.cases import Drawn, dense_input, matrices

OPERATOR = ops.Gather
POSITIONS = st.integers(-2, 20) | st.sampled_from([-(2**63), 2**63 - 1, 2**32])


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices())
    count = draw(st.integers(1, 5))
    positions = draw(hnp.arrays("i8", (len(value), count), elements=POSITIONS))
    return ops.Gather(x, dense_input("i64", count, "at")), {"x": value, "at": positions}
