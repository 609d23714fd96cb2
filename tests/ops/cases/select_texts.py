"""Select and Column: columns of matrices of texts."""

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import MISSING, ROWS, TEXTS, Drawn

OPERATOR = ops.Select


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    width = draw(st.integers(1, 4))
    row = st.lists(TEXTS | MISSING, min_size=width, max_size=width)
    chosen = draw(st.lists(st.integers(0, width - 1), min_size=1, max_size=4))
    node = ops.Select(ops.Input("x", f"str[{width}]"), Parameter.of(np.array(chosen, np.int64)))
    rows = draw(ROWS)
    return draw(st.sampled_from([node, ops.Concat((node, ops.Column(node, 0)))])), {
        "x": draw(st.lists(row, min_size=rows, max_size=rows))
    }
