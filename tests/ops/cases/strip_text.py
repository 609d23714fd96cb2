"""StripText: white space of every kind, and sets of characters."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import CHARACTERS, TEXTS
from tests.ops.cases import MISSING, Drawn

OPERATOR = ops.StripText


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    spaced = st.tuples(st.text(" \t\u3000.a"), TEXTS, st.text(" \t\u3000.a")).map("".join)
    texts = draw(st.lists(TEXTS | spaced | MISSING, min_size=1, max_size=6))
    characters = draw(st.sampled_from(["", "", ".", "a. ", "\u3000é"]) | st.text(CHARACTERS, max_size=4))
    return ops.StripText(ops.Input("x", "str"), characters, draw(st.sampled_from(["left", "right", "both"]))), {
        "x": texts
    }
