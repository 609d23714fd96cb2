"""MissingIndicator: numbers and texts, some columns."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import MISSING, ROWS, TEXTS, Drawn, matrices, values

OPERATOR = ops.MissingIndicator
TYPES = st.sampled_from(["f32", "f64", "i64"])


@st.composite
def texts(draw: st.DrawFn) -> tuple[ops.Input, list[list[object]]]:
    width, rows = draw(st.integers(1, 3)), draw(ROWS)
    row = st.lists(TEXTS | MISSING, min_size=width, max_size=width)
    return ops.Input("x", f"str[{width}]"), draw(st.lists(row, min_size=rows, max_size=rows))


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(TYPES) | values(TYPES) | texts())
    chosen = draw(st.lists(st.integers(0, x.type.columns - 1), max_size=5))
    missing = draw(st.sampled_from([float("nan"), 0.0, -1.0]))
    dtype = draw(st.sampled_from(["f32", "f64", "i64", "bool"]))
    return ops.MissingIndicator(x, Parameter.of(np.array(chosen, np.int64)), missing, dtype), {"x": value}
