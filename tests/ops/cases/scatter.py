"""Scatter: positions in any order, twice, and outside; zeros are stored."""

from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pretzel.plan import ops
from tests.ops.cases import FLOATS, ROWS, Drawn, arrays, dense_input
from tests.ops.cases.gather import POSITIONS

OPERATOR = ops.Scatter


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    dtype, rows, count = draw(FLOATS), draw(ROWS), draw(st.integers(1, 9))
    positions = draw(hnp.arrays("i8", (rows, count), elements=POSITIONS))
    columns = {"at": positions, "v": draw(arrays(dtype, (rows, count)))}
    node = ops.Scatter(dense_input("i64", count, "at"), dense_input(dtype, count, "v"), draw(st.integers(0, 21)))
    return node, columns
