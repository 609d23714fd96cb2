"""TestText: every property, of texts that have it and others."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.strings import OF_NUMBERS, TESTS
from tests.helpers.texts import ODD, TEXTS
from tests.ops.cases import MISSING, Drawn
from tests.ops.cases.parse_number import NUMBERS

OPERATOR = ops.TestText


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    likely = st.lists(st.sampled_from(["1", "a", "B", " ", "٣", "²", "ǅ", *ODD]), max_size=3).map("".join)
    function = draw(st.sampled_from(TESTS))
    likely = NUMBERS if function in OF_NUMBERS else likely
    texts = draw(st.lists(TEXTS | likely | likely | MISSING, min_size=1, max_size=8))
    text = draw(st.sampled_from([text for text in texts if isinstance(text, str)] or [""]) | st.sampled_from(["", "a"]))
    return ops.TestText(ops.Input("x", "str"), function, text), {"x": texts}
