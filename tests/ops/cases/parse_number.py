"""ParseNumber: numbers as Python reads them, in digits of any script, and texts that are none."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import MISSING, Drawn

OPERATOR = ops.ParseNumber
PIECES = (
    *("0", "1", "12", "9007199254740993", "1e5", "E-3", "e308", "e-330", ".", ".5", "+", "-", "_", " ", "\t"),
    *("\u2009", "\x1c", "\x85", "inf", "Infinity", "NaN", "n", "x", "٣", "１", "𝟗", "²", "Ⅷ", "é"),
)
NUMBERS = (
    st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
    | st.floats().map(repr)
    | st.integers().map(lambda i: f" {i:_}\n")
)


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts = draw(st.lists(NUMBERS | NUMBERS | TEXTS | MISSING, min_size=1, max_size=8))
    return ops.ParseNumber(ops.Input("x", "str")), {"x": texts}
