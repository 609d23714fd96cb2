"""Take: rows of tables of every type and width, and codes outside them."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import NUMPY_DTYPES
from tests.ops.cases import Drawn, arrays

OPERATOR = ops.Take


def codes() -> st.SearchStrategy[np.ndarray]:
    far = st.sampled_from([-(2**63), 2**63 - 1, 2**31, -(2**31)])
    return st.lists(st.integers(-2, 6) | far, min_size=1, max_size=8).map(lambda codes: np.array(codes, np.int64))


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    dtype, rows = draw(st.sampled_from(sorted(NUMPY_DTYPES))), draw(st.integers(0, 5))
    width = draw(st.none() | st.integers(1, 4))
    table = draw(arrays(dtype, rows if width is None else (rows, width)))
    default = draw(st.sampled_from([0.0, 1.0, *([float("nan"), -1.5] if dtype in ("f32", "f64") else [])]))
    return ops.Take(ops.Input("x", "i64"), Parameter.of(table), default), {"x": draw(codes())}
