"""Concat: columns and matrices of texts, some missing."""

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import MISSING, ROWS, TEXTS, Drawn, dense_input

OPERATOR = ops.Concat


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows, parts, columns = draw(ROWS), [], {}
    for i in range(draw(st.integers(1, 3))):
        width = draw(st.none() | st.integers(1, 3))
        parts.append(dense_input("str", width, f"x{i}"))
        one = TEXTS | MISSING if width is None else st.lists(TEXTS | MISSING, min_size=width, max_size=width)
        columns[f"x{i}"] = draw(st.lists(one, min_size=rows, max_size=rows))
    return ops.Concat(tuple(parts)), columns
