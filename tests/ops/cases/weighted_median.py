"""WeightedMedian: ties, missing values, weights of zero and equal weights; to the bit, because it picks a value."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import Drawn, matrices

OPERATOR = ops.WeightedMedian
WEIGHTS = st.sampled_from([0.0, 0.5, 1.0, 1.0, 1.0, 2.0]) | st.floats(0, 1e6)


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices())
    weights = draw(st.lists(WEIGHTS, min_size=x.type.columns, max_size=x.type.columns))
    return ops.WeightedMedian(x, Parameter.of(np.array(weights))), {"x": value}
