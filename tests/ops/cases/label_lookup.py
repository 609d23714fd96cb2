"""LabelLookup: at an output, and in the middle of a graph, where a code may lie outside the table."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import NUMPY_DTYPES
from tests.ops.cases import ROWS, TEXTS, Drawn, arrays, dense_input

OPERATOR = ops.LabelLookup


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows, count = draw(ROWS), draw(st.integers(1, 5))
    codes = st.integers(0, count - 1)
    if draw(st.booleans()):
        labels = Parameter.strings(draw(st.lists(TEXTS, min_size=count, max_size=count)))
        node: ops.LabelLookup | ops.Cast = ops.LabelLookup(dense_input("i64", None), labels)
    else:
        dtype = draw(st.sampled_from(sorted(NUMPY_DTYPES)))
        labels = Parameter.of(draw(arrays(dtype, count)))
        node = ops.Cast(ops.LabelLookup(dense_input("i64", None), labels), dtype)
        codes = codes | st.sampled_from([-1, count, 2**63 - 1])
    return node, {"x": np.array(draw(st.lists(codes, min_size=rows, max_size=rows)), np.int64)}
