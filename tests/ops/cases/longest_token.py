"""LongestToken: the longest and the shortest, of characters of one byte and of several, and of no token."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS, WORDS
from tests.ops.cases import ROWS, Drawn

OPERATOR = ops.LongestToken


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows, token = draw(ROWS), st.sampled_from([*WORDS, "\u00e9\u00e9", "\U0001f600", ""]) | TEXTS
    tokens = draw(st.lists(st.lists(token, max_size=6), min_size=rows, max_size=rows))
    return ops.LongestToken(ops.Input("x", "str[*]"), draw(st.booleans())), {"x": tokens}
