"""SplitText: white space and separators, all or a few splits; joined again to be seen."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import MISSING, Drawn

OPERATOR = ops.SplitText


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts = draw(st.lists(TEXTS | st.text("a ,é", max_size=12) | MISSING, min_size=1, max_size=6))
    separator = draw(st.sampled_from(["", "", ",", " ", ", ", "é"]))
    tokens = ops.SplitText(ops.Input("x", "str"), separator, draw(st.sampled_from([-1, -1, 0, 1, 2])))
    return ops.JoinTokens(tokens, "|"), {"x": texts}
