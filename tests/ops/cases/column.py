"""Column: one column of a dense matrix."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.types import NUMPY_DTYPES
from tests.ops.cases import Drawn, matrices

OPERATOR = ops.Column


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices(st.sampled_from(sorted(NUMPY_DTYPES))))
    return ops.Column(x, draw(st.integers(0, x.type.columns - 1))), {"x": value}
