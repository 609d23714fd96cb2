"""ChooseText: texts and missing ones of two columns."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import MISSING, ROWS, Drawn

OPERATOR = ops.ChooseText


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows = draw(ROWS)
    column = st.lists(TEXTS | MISSING, min_size=rows, max_size=rows)
    condition = np.array(draw(st.lists(st.booleans(), min_size=rows, max_size=rows)))
    node = ops.ChooseText(ops.Input("c", "bool"), ops.Input("a", "str"), ops.Input("b", "str"))
    return node, {"c": condition, "a": draw(column), "b": draw(column)}
