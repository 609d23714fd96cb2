"""MatchingPursuit: separate atoms, repeated atoms, products that tie, rows of zeros, one atom and all."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import ROWS, Drawn, dense_input

OPERATOR = ops.MatchingPursuit


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows, k = draw(ROWS), draw(st.integers(1, 9))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    atoms = random.normal(size=(k, k + 3))
    if k > 2 and draw(st.booleans()):
        atoms[-1] = atoms[0]
    gram, value = atoms @ atoms.T, random.normal(size=(rows, k + 3)) @ atoms.T
    if draw(st.booleans()):  # equal products with all other atoms, so that products tie after some are taken
        gram, value = np.eye(k) + 0.1, np.round(value)
    value[0] *= draw(st.sampled_from([0.0, 1.0]))
    node = ops.MatchingPursuit(dense_input("f64", k), Parameter.of(gram), draw(st.integers(1, k)))
    return node, {"x": value}
