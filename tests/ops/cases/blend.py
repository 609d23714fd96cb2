"""Blend: both forms, to the bit, past the lanes in which NumPy adds, and positions outside the table."""

from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pretzel.plan import ops
from pretzel.plan.ops.neighbors import BLENDS
from pretzel.plan.parameter import Parameter
from tests.ops.cases import ROWS, Drawn, arrays, dense_input
from tests.ops.cases.gather import POSITIONS

OPERATOR = ops.Blend


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows, count = draw(ROWS), draw(st.integers(1, 19))
    entries, width = draw(st.integers(0, 20)), draw(st.none() | st.integers(1, 3))
    table = Parameter.of(draw(arrays("f64", entries if width is None else (entries, width))))
    positions = draw(hnp.arrays("i8", (rows, count), elements=POSITIONS))
    columns = {"at": positions, "w": draw(arrays("f64", (rows, count)))}
    parts = dense_input("i64", count, "at"), dense_input("f64", count, "w")
    return ops.Blend(*parts, table, draw(st.sampled_from(BLENDS))), columns
