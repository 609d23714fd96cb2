"""Coupling: pairs of up to seven classes, to the bit, including certain and contradictory ones."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pretzel.plan import ops
from tests.ops.cases import ROWS, Drawn, dense_input

OPERATOR = ops.Coupling
PROBABILITIES = st.sampled_from([1e-7, 1 - 1e-7, 0.5]) | st.floats(1e-7, 1 - 1e-7)


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    classes = draw(st.integers(2, 7))
    pairs = classes * (classes - 1) // 2
    width = None if pairs == 1 and draw(st.booleans()) else pairs
    shape = draw(ROWS) if width is None else (draw(ROWS), pairs)
    value = draw(hnp.arrays(np.float64, shape, elements=PROBABILITIES))
    return ops.Coupling(dense_input("f64", width)), {"x": value}
