"""Products: any factors of any degree, or none; to the bit, because the order of the factors is fixed."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import Drawn, matrices

OPERATOR = ops.Products


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices())
    shape = draw(st.tuples(st.integers(0, 5), st.integers(0, 4)))
    factors = draw(hnp.arrays(np.int64, shape, elements=st.integers(-1, x.type.columns - 1)))
    return ops.Products(x, Parameter.of(factors)), {"x": value}
