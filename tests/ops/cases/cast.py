"""Cast: every pair of types, floats to integers within range (C leaves the others undefined, and NaN)."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.types import NUMPY_DTYPES
from tests.ops.cases import Drawn, matrices, sparse_matrices

OPERATOR = ops.Cast
FLOATS = ("f32", "f64")
NUMBERS = st.sampled_from(sorted(NUMPY_DTYPES))


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    if draw(st.booleans()):
        x, value = draw(sparse_matrices(st.sampled_from(["f32", "f64"])))
        return ops.Cast(x, draw(st.sampled_from(FLOATS))), {"x": value}
    dtype, target = draw(NUMBERS), draw(NUMBERS)
    unsafe = dtype in FLOATS and target not in (*FLOATS, "bool")
    x, value = draw(matrices(st.just(dtype), finite=True, bound=100.0) if unsafe else matrices(st.just(dtype)))
    if unsafe and target.startswith("u"):
        value = abs(value)
    return ops.Cast(x, target), {"x": value}
