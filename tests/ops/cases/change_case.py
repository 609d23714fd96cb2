"""ChangeCase: characters of every script in every case, and missing texts."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.strings import SIMPLE
from tests.helpers.texts import TEXTS
from tests.ops.cases import MISSING, Drawn

OPERATOR = ops.ChangeCase


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts = draw(st.lists(TEXTS | MISSING, min_size=1, max_size=6))
    form = draw(st.sampled_from(["lower", "upper", "casefold", "title", "capitalize", *SIMPLE]))
    return ops.ChangeCase(ops.Input("x", "str"), form), {"x": texts}
