"""ChooseText of tokens: one of two lists for each row."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import Drawn
from tests.ops.cases.keep_tokens import lists

OPERATOR = ops.ChooseText


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    tokens, condition = ops.Input("x", "str[*]"), ops.Input("c", "bool")
    rows = draw(lists())
    chosen = np.array(draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))), bool)
    others = ops.ChangeCase(tokens, "upper")
    return ops.JoinTokens(ops.ChooseText(condition, tokens, others), "|"), {"x": rows, "c": chosen}
