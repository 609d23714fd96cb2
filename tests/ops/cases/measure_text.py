"""MeasureText: lengths, counts without overlap, and places in characters."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.strings import MEASURES
from tests.helpers.texts import TEXTS
from tests.ops.cases import MISSING, Drawn

OPERATOR = ops.MeasureText


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts = draw(st.lists(TEXTS | st.text("aé.") | MISSING, min_size=1, max_size=6))
    text = draw(st.sampled_from(["a", "aa", "é", ".", "aé"]) | TEXTS.filter(bool))
    return ops.MeasureText(ops.Input("x", "str"), draw(st.sampled_from(MEASURES)), text), {"x": texts}
