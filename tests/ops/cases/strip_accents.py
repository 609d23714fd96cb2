"""StripAccents in both forms, over characters of every script, and missing texts."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import ROWS, Drawn
from tests.ops.cases.lowercase import columns

OPERATOR = ops.StripAccents


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    form = draw(st.sampled_from(["ascii", "unicode"]))
    return ops.StripAccents(ops.Input("x", "str"), form), {"x": draw(columns(draw(ROWS)))}
