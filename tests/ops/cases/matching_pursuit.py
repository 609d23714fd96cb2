"""MatchingPursuit: atoms apart from each other, repeated atoms, rows of zeros, one atom and all of them."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import ROWS, Drawn, dense_input

OPERATOR = ops.MatchingPursuit
TOLERANCE = 1e-9


def scale(node: ops.MatchingPursuit, columns: dict[str, Any]) -> np.ndarray:
    """Return the size of the largest product."""
    return np.full(columns["x"].shape, np.abs(columns["x"]).max(initial=0) + 1)


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows, k = draw(ROWS), draw(st.integers(1, 9))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    atoms = random.normal(size=(k, k + 3))
    if k > 2 and draw(st.booleans()):
        atoms[-1] = atoms[0]
    value = random.normal(size=(rows, k + 3)) @ atoms.T
    value[0] *= draw(st.sampled_from([0.0, 1.0]))
    node = ops.MatchingPursuit(dense_input("f64", k), Parameter.of(atoms @ atoms.T), draw(st.integers(1, k)))
    return node, {"x": value}
