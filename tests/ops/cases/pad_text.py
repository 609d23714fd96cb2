"""PadText: on each side, after signs, and with wide characters."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import MISSING, Drawn

OPERATOR = ops.PadText


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    signed = st.sampled_from(["-7", "+", "12", "-é"])
    texts = draw(st.lists(TEXTS | signed | MISSING, min_size=1, max_size=6))
    side = draw(st.sampled_from(["left", "right", "both", "sign"]))
    return ops.PadText(ops.Input("x", "str"), draw(st.integers(0, 9)), draw(st.sampled_from("0 é😀")), side), {
        "x": texts
    }
