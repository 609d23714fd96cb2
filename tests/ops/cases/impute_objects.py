"""ImputeObjects: floats with None and NaN as different values."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.values import none_number
from tests.ops.cases import FLOATS, Drawn, arrays, dense_input

OPERATOR = ops.ImputeObjects
NAN = float("nan")


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    dtype, rows, width = draw(FLOATS), draw(st.integers(1, 6)), draw(st.none() | st.integers(1, 5))
    shape = (rows,) if width is None else (rows, width)
    x = draw(arrays(dtype, shape))
    none = np.array(draw(st.lists(st.integers(0, 3), min_size=x.size, max_size=x.size))).reshape(shape) == 0
    x = np.where(none, none_number().astype(x.dtype), x)
    fill = Parameter.of(draw(arrays(dtype, width or 1)))
    marker = draw(st.sampled_from([{}, {"missing": 0.0}, {"missing": 1.0}, {"missing_none": True}]))
    return ops.ImputeObjects(dense_input(dtype, width), fill, **marker), {"x": x}
