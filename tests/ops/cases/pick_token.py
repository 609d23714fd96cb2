"""PickToken: positions of words from both ends, and beyond them."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import MISSING, Drawn

OPERATOR = ops.PickToken


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts = draw(st.lists(TEXTS | MISSING, min_size=1, max_size=6))
    tokens = ops.SplitText(ops.Input("x", "str"), draw(st.sampled_from(["", "a"])))
    return ops.PickToken(tokens, draw(st.integers(-4, 4))), {"x": texts}
