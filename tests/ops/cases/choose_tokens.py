"""ChooseTokens: a token or its other form by the tests of KeepTokens, and lists of other lengths."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import Drawn
from tests.ops.cases.keep_tokens import lists, tests

OPERATOR = ops.ChooseTokens


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    tokens = ops.Input("x", "str[*]")
    read, attributes = draw(tests(tokens))
    others = draw(
        st.sampled_from([ops.SliceText(tokens, 0, -1), ops.FilterTokens(tokens, Parameter.strings(["the", "x"]))])
    )
    pair = draw(st.permutations([tokens, others]))
    return ops.JoinTokens(ops.ChooseTokens((*pair, *read), **attributes), "|"), {"x": draw(lists())}
