"""ReplaceText: texts that hold what is replaced, often several times."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import MISSING, Drawn

OPERATOR = ops.ReplaceText


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts = draw(st.lists(TEXTS | st.text("ab.") | MISSING, min_size=1, max_size=6))
    old = draw(st.sampled_from(["a", "ab", "aa", ".", "é", " "]) | TEXTS.filter(bool))
    return ops.ReplaceText(ops.Input("x", "str"), old, draw(st.sampled_from(["", "-", "aaa", "ß"]))), {"x": texts}
