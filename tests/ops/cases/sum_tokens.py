"""SumTokens: numbers of short and long tokens, that cancel, overflow or are not finite, added in both ways."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.helpers.texts import WORDS
from tests.ops.cases import ROWS, Drawn
from tests.ops.cases.filter_tokens import LONG

OPERATOR = ops.SumTokens
NUMBER = st.sampled_from([0.1, 0.2, -0.3, 1e16, -1e16, 1e308, float("inf"), float("nan")]) | st.floats(-3, 3)


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows, token = draw(ROWS), st.sampled_from([*WORDS, *LONG, ""])
    tokens = draw(st.lists(st.lists(token, max_size=12), min_size=rows, max_size=rows))
    keys = sorted(draw(st.sets(token, max_size=8)))
    numbers = draw(st.lists(NUMBER, min_size=len(keys), max_size=len(keys)))
    attributes = {"default": draw(st.sampled_from([0.0, 0.25])), "compensated": draw(st.booleans())}
    x = ops.Input("x", "str[*]")
    return ops.SumTokens(x, Parameter.strings(keys), Parameter.of(numbers), **attributes), {"x": tokens}
