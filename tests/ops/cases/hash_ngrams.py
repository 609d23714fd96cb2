"""HashNgrams: few columns, so that hashes collide and cancel."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.text import UNITS
from tests.ops.cases import ROWS, Drawn
from tests.ops.cases.lowercase import columns

OPERATOR = ops.HashNgrams


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts, unit = draw(columns(draw(ROWS))), draw(st.sampled_from(UNITS))
    low = draw(st.integers(1, 6))
    high = draw(st.integers(low, low + 6) | st.just(64))
    x: Node = ops.Input("x", "str")
    x = ops.Tokenize(x, r"\S+") if unit == "word" else x
    width = draw(st.sampled_from([1, 2, 7, 300]))
    dtype, binary, signed = draw(st.sampled_from(["i64", "f32", "f64"])), draw(st.booleans()), draw(st.booleans())
    return ops.HashNgrams(x, width, unit, low, high, signed, dtype, binary), {"x": texts}
