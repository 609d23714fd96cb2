"""Select: columns of sparse rows, in any order, each at most once."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import Drawn, sparse_matrices

OPERATOR = ops.Select


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(sparse_matrices(st.sampled_from(["f32", "f64", "i64"])))
    chosen = draw(st.lists(st.integers(0, x.type.columns - 1), unique=True))
    return ops.Select(x, Parameter.of(np.array(chosen, np.int64))), {"x": value}
