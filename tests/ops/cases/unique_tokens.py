"""UniqueTokens: few and many tokens, most of them repeated."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import ROWS, Drawn

OPERATOR = ops.UniqueTokens


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows, some = draw(ROWS), draw(st.lists(TEXTS, min_size=1, max_size=20)) + ["a", "b", "aé", ""]
    tokens = draw(st.lists(st.lists(st.sampled_from(some), max_size=40), min_size=rows, max_size=rows))
    return ops.JoinTokens(ops.UniqueTokens(ops.Input("x", "str[*]")), "|"), {"x": tokens}
