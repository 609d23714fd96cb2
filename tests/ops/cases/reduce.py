"""Reduce: any columns, none and repeated ones, NaN, ties of zeros; to the bit, because the order is fixed."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pretzel.plan import ops
from pretzel.plan.ops.binary import NUMBERS
from pretzel.plan.ops.reductions import REDUCTIONS
from pretzel.plan.parameter import Parameter
from tests.ops.cases import Drawn, matrices, values

OPERATOR = ops.Reduce


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(st.sampled_from(NUMBERS)) | values(st.sampled_from(NUMBERS)))
    shape = draw(st.tuples(st.integers(0, 4), st.integers(0, 6)))
    columns = draw(hnp.arrays(np.int64, shape, elements=st.integers(0, x.type.columns - 1)))
    return ops.Reduce(x, Parameter.of(columns), draw(st.sampled_from(REDUCTIONS))), {"x": value}
