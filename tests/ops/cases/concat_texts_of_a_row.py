"""ConcatTexts: several columns, with missing texts."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import MISSING, ROWS, Drawn

OPERATOR = ops.ConcatTexts


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows, count = draw(ROWS), draw(st.integers(1, 3))
    columns = {f"x{i}": draw(st.lists(TEXTS | MISSING, min_size=rows, max_size=rows)) for i in range(count)}
    return ops.ConcatTexts(tuple(ops.Input(name, "str") for name in columns)), columns
