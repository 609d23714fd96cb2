"""Concat: dense parts of any type."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.types import NUMPY_DTYPES
from tests.ops.cases import ROWS, Drawn, arrays, dense_input

OPERATOR = ops.Concat


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows, parts, columns = draw(ROWS), [], {}
    for i in range(draw(st.integers(1, 4))):
        dtype, width = draw(st.sampled_from(sorted(NUMPY_DTYPES))), draw(st.none() | st.integers(0, 5))
        parts.append(dense_input(dtype, width, f"x{i}"))
        columns[f"x{i}"] = draw(arrays(dtype, rows if width is None else (rows, width)))
    return ops.Concat(tuple(parts)), columns
