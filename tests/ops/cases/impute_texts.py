"""Impute: texts, with NaN, None or a text as the missing value."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import MISSING, ROWS, TEXTS, Drawn

OPERATOR = ops.Impute


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    width = draw(st.none() | st.integers(1, 3))
    text, rows = TEXTS | draw(st.sampled_from([MISSING, st.just(None), st.just(float("nan"))])), draw(ROWS)
    one = text if width is None else st.lists(text, min_size=width, max_size=width)
    x = ops.Input("x", "str" if width is None else f"str[{width}]")
    fill = Parameter.strings(draw(st.lists(TEXTS, min_size=width or 1, max_size=width or 1)))
    marker = draw(st.sampled_from([{}, {"missing_none": True}, {"missing_text": "a"}, {"missing_text": ""}]))
    return ops.Impute(x, fill, **marker), {"x": draw(st.lists(one, min_size=rows, max_size=rows))}
