"""SurroundText: texts and missing ones between others, empty ones too."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import MISSING, Drawn

OPERATOR = ops.SurroundText


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts = draw(st.lists(TEXTS | MISSING, min_size=1, max_size=6))
    before, after = (draw(st.sampled_from(["", "<", "not_", "日本"])) for _ in range(2))
    return ops.SurroundText(ops.Input("x", "str"), before, after), {"x": texts}
