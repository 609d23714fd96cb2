"""Spline: repeated knots, values at knots and beyond them, every extrapolation; to the bit."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import FLOATS, ROWS, Drawn, dense_input

OPERATOR = ops.Spline
POINTS = st.integers(-8, 8).map(lambda n: n / 4)
ODD = st.sampled_from([float("nan"), 1e300, -1e300])


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    dtype, rows, width, degree = draw(FLOATS), draw(ROWS), draw(st.integers(1, 3)), draw(st.integers(0, 4))
    count = 2 * degree + 2 + draw(st.integers(0, 4))
    knots = [sorted(draw(st.lists(POINTS, min_size=count, max_size=count))) for _ in range(width)]
    number = POINTS | st.floats(-5, 5, width=32) | (ODD if dtype == "f64" else st.just(float("nan")))
    x = draw(st.lists(number, min_size=rows * width, max_size=rows * width))
    shape = (width, 2 * (count - degree - 1))
    way = draw(st.sampled_from(["ends", "periodic", "on"]))
    ends = [Parameter.of(draw(st.sampled_from([-1.5, 0.0, 2.0])) * np.ones(shape)) for _ in range(2)]
    node = ops.Spline(
        dense_input(dtype, width),
        Parameter.of(np.array(knots, np.float64)),
        degree,
        *(ends if way == "ends" else [None, None]),
        periodic=way == "periodic" and count > 2 * degree + 2,
    )
    return node, {"x": np.array(x, np.float32 if dtype == "f32" else np.float64).reshape(rows, width)}
