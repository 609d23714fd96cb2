"""JoinTokens: words of texts, and inputs of lists."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import ROWS, Drawn

OPERATOR = ops.JoinTokens


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows = draw(ROWS)
    tokens = draw(st.lists(st.lists(TEXTS, max_size=4), min_size=rows, max_size=rows))
    return ops.JoinTokens(ops.Input("x", "str[*]"), draw(st.sampled_from(["", " ", ", ", "é"]))), {"x": tokens}
