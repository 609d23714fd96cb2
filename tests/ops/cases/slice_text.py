"""SliceText: positions within and beyond texts, from both ends."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import MISSING, Drawn

OPERATOR = ops.SliceText


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts = draw(st.lists(TEXTS | MISSING, min_size=1, max_size=6))
    at = st.integers(-6, 6) | st.integers(-40, 40)
    stop = draw(at | st.just(2**62))
    return ops.SliceText(ops.Input("x", "str"), draw(at), stop), {"x": texts}
