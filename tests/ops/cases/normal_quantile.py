"""NormalQuantile: probabilities in both tails and in the middle, and invalid ones."""

from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pretzel.plan import ops
from tests.ops.cases import Drawn, dense_input

OPERATOR = ops.NormalQuantile
TOLERANCE = 1e-10
ODD = st.sampled_from([0.0, 1.0, 0.5, -0.1, 1.1, float("nan"), 1e-7, 1e-300, 1 - 1e-7, 1 - 2**-53])


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 4)))
    value = draw(hnp.arrays("f8", shape, elements=st.floats(0.001, 0.999) | ODD))
    return ops.NormalQuantile(dense_input("f64", shape[1])), {"x": value}
