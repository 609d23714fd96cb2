"""Constant: rows of every type and width, over numbers, sparse rows and texts."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import NUMPY_DTYPES
from tests.ops.cases import TEXTS, Drawn, arrays, matrices, sparse_matrices, values

OPERATOR = ops.Constant


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts = st.tuples(st.just(ops.Input("x", "str")), st.lists(TEXTS, min_size=1, max_size=6))
    x, value = draw(matrices() | values() | sparse_matrices() | texts)
    width = draw(st.none() | st.integers(0, 5))
    row = draw(arrays(draw(st.sampled_from(sorted(NUMPY_DTYPES))), (1,) if width is None else (1, width)))
    return ops.Constant(x, Parameter.of(np.ascontiguousarray(row))), {"x": value}
