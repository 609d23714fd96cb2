"""Sum of one part up to four, with and without a bias of either type."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import FLOATS, ROWS, WIDTHS, Drawn, arrays, dense_input

OPERATOR = ops.Sum


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    dtype, rows, width = draw(FLOATS), draw(ROWS), draw(WIDTHS | st.none())
    shape = (rows,) if width is None else (rows, width)
    columns = {f"x{i}": draw(arrays(dtype, shape)) for i in range(draw(st.integers(1, 4)))}
    bias = draw(st.none() | FLOATS.flatmap(lambda kind: arrays(kind, width or 1, finite=True)).map(Parameter.of))
    return ops.Sum(tuple(dense_input(dtype, width, name) for name in columns), bias), columns
