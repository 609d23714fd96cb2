"""Interpolate: repeated knots, values at and near knots; NumPy may compute the slopes in another order."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import FLOATS, ROWS, Drawn, dense_input

OPERATOR = ops.Interpolate
TOLERANCE = 1e-6  # of float32, one rounding
POINTS = st.integers(-8, 8).map(lambda n: n / 4)


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    dtype, rows, width, count = draw(FLOATS), draw(ROWS), draw(st.integers(1, 4)), draw(st.integers(1, 6))
    knots = [sorted(draw(st.lists(POINTS, min_size=count, max_size=count))) for _ in range(width)]
    x = draw(st.lists(POINTS | st.floats(-3, 3) | st.just(float("nan")), min_size=rows * width, max_size=rows * width))
    value = np.array(x, np.float32 if dtype == "f32" else np.float64).reshape(rows, width)
    node = ops.Interpolate(
        dense_input(dtype, width),
        Parameter.of(np.array(knots, np.float64)),
        Parameter.of(np.linspace(0, 1, count)),
        draw(st.sampled_from([0.0, 1e-7])),
        draw(st.booleans()),
    )
    return node, {"x": value}
