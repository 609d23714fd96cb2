"""LabelLookup: texts and numbers after a decision, and numbers at codes that may be outside the table."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import NUMPY_DTYPES
from tests.ops.cases import ROWS, TEXTS, Drawn, arrays, dense_input, matrices

OPERATOR = ops.LabelLookup
DTYPES = st.sampled_from(sorted(NUMPY_DTYPES))


@st.composite
def decided(draw: st.DrawFn) -> Drawn:
    x, value = draw(matrices())
    count = x.type.columns
    texts = st.lists(TEXTS, min_size=count, max_size=count).map(Parameter.strings)
    labels = draw(texts | arrays(draw(DTYPES), count).map(Parameter.of))
    return ops.LabelLookup(ops.ArgMax(x), labels), {"x": value}


@st.composite
def looked_up(draw: st.DrawFn) -> Drawn:
    rows, count = draw(ROWS), draw(st.integers(1, 5))
    codes = draw(
        st.lists(st.integers(0, count - 1) | st.sampled_from([-1, count, 2**63 - 1]), min_size=rows, max_size=rows)
    )
    labels = Parameter.of(draw(arrays(draw(DTYPES), count)))
    return ops.LabelLookup(dense_input("i64", None), labels), {"x": np.array(codes, np.int64)}


def strategy() -> st.SearchStrategy[Drawn]:
    return decided() | looked_up()
