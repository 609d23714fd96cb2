"""CombineHashes: one part and several, of any 64 bits."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import ROWS, Drawn, arrays

OPERATOR = ops.CombineHashes


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows = draw(ROWS)
    columns = {f"x{i}": draw(arrays("i64", rows)) for i in range(draw(st.integers(1, 4)))}
    return ops.CombineHashes(tuple(ops.Input(name, "i64") for name in columns)), columns
