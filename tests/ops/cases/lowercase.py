"""Lowercase: characters of every script, and missing texts."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import MISSING, ROWS, Drawn

OPERATOR = ops.Lowercase


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    rows = draw(ROWS)
    return ops.Lowercase(ops.Input("x", "str")), {"x": draw(columns(rows))}


def columns(rows: int) -> st.SearchStrategy[list[str | float | None]]:
    """Columns of texts, sometimes with a missing one, which every operator on texts rejects."""
    whole = st.lists(TEXTS, min_size=rows, max_size=rows)
    return whole | whole | whole | st.tuples(whole, MISSING).map(lambda drawn: [*drawn[0][1:], drawn[1]])
