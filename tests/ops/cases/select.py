"""Select: columns of dense matrices of every element size."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import NUMPY_DTYPES
from tests.ops.cases import Drawn, matrices

OPERATOR = ops.Select


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(st.sampled_from(sorted(NUMPY_DTYPES))))
    chosen = draw(st.lists(st.integers(0, x.type.columns - 1), max_size=6))
    return ops.Select(x, Parameter.of(np.array(chosen, np.int64))), {"x": value}
