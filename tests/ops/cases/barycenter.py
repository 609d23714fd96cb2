"""Barycenter: equal neighbours, the row itself, more neighbours than columns, and positions outside the table."""

from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import Drawn, arrays, dense_input, matrices

OPERATOR = ops.Barycenter


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(st.just("f64"), finite=True, bound=10.0))
    count = draw(st.integers(1, 9))
    rows = draw(arrays("f64", (5, x.type.columns), finite=True, bound=10.0))
    rows[0] = value[0]
    if draw(st.booleans()):
        rows[-1] = rows[1]  # which then have the same weight, to the bit
    positions = draw(
        hnp.arrays("i8", (len(value), count), elements=st.integers(0, 4) | st.sampled_from([-1, 5, 2**40]))
    )
    node = ops.Barycenter(x, dense_input("i64", count, "at"), Parameter.of(rows), draw(st.sampled_from([0.01, 1.0])))
    return node, {"x": value, "at": positions}
