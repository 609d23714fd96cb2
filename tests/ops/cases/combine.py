"""Combine: every function, to the bit, NaN and infinities among the values."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.combine import COMBINATIONS
from tests.ops.cases import FLOATS, ROWS, WIDTHS, Drawn, arrays, dense_input

OPERATOR = ops.Combine


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    dtype, rows, width = draw(FLOATS), draw(ROWS), draw(WIDTHS | st.none())
    shape = (rows,) if width is None else (rows, width)
    columns = {f"x{i}": draw(arrays(dtype, shape)) for i in range(draw(st.integers(1, 4)))}
    if (function := draw(st.sampled_from(COMBINATIONS))) in ("maximum", "minimum"):
        for value in columns.values():  # NumPy's choice between two zeros depends on the machine
            value += 0.0
    return ops.Combine(tuple(dense_input(dtype, width, name) for name in columns), function), columns
