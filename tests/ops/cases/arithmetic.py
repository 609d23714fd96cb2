"""Arithmetic: every function and type, one column with many, overflow, division by zero, integer powers."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.binary import ARITHMETIC, NUMBERS, OF_FLOATS
from tests.ops import harness
from tests.ops.cases import Drawn
from tests.ops.pairs import pairs

OPERATOR = ops.Arithmetic
TOLERANCE = 4.0


def scale(node: Node, columns: dict[str, Any]) -> np.ndarray:
    """Return one unit in the last place for functions on which C libraries differ, and zero for all others."""
    want = harness.meaning(node, columns)
    assert isinstance(node, ops.Arithmetic)
    if node.function not in ("power", *OF_FLOATS) or want.dtype.kind != "f":
        return np.zeros_like(want)
    with np.errstate(all="ignore"):
        return np.spacing(np.abs(want))


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    function = draw(st.sampled_from(ARITHMETIC))
    dtypes = NUMBERS[:2] if function in OF_FLOATS else NUMBERS
    (a, b), columns = draw(pairs(st.sampled_from(dtypes), 2))
    return ops.Arithmetic(a, b, function), columns
