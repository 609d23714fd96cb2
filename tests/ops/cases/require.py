"""Require: numbers, matrices and texts, with rows that are rejected or not."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import MISSING, ROWS, Drawn, arrays, dense_input

OPERATOR = ops.Require


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows, width = draw(ROWS), draw(st.none() | st.integers(1, 3))
    dtype = draw(st.sampled_from(["str", "f64", "i32", "bool"])) if width is None else "f64"
    values = draw(
        st.lists(TEXTS | MISSING, min_size=rows, max_size=rows)
        if dtype == "str"
        else arrays(dtype, rows if width is None else (rows, width))
    )
    condition = np.array(draw(st.just([True] * rows) | st.lists(st.booleans(), min_size=rows, max_size=rows)))
    node = ops.Require(dense_input(dtype, width), ops.Input("c", "bool"), "it has no second word")
    return node, {"x": values, "c": condition}
