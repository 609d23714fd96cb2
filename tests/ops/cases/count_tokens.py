"""CountTokens: words, and matches of a pattern."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import Drawn

OPERATOR = ops.CountTokens


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts = draw(st.lists(TEXTS, min_size=1, max_size=6))
    x = ops.Input("x", "str")
    tokens = draw(st.sampled_from([ops.SplitText(x, ""), ops.Tokenize(x, r"\w+|[!?]")]))
    return ops.CountTokens(tokens), {"x": texts}
