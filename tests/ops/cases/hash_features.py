"""HashFeatures: multiples of a half, whose sums are exact in any order; rows of more than sixteen, too."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import TEXTS
from tests.ops.cases import FLOATS, ROWS, Drawn

OPERATOR = ops.HashFeatures


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    names, values = draw(pairs(TEXTS))
    width = draw(st.sampled_from([1, 2, 7, 300]))
    x = ops.Input("names", "str[*]"), ops.Input("values", "f64[*]")
    return ops.HashFeatures(*x, width, draw(st.booleans()), draw(FLOATS)), {"names": names, "values": values}


@st.composite
def pairs(draw: st.DrawFn, names: st.SearchStrategy[str]) -> tuple[list[list[str]], list[list[float]]]:
    """Draw rows of names and of as many values; sometimes of one too few, which is rejected."""
    numbers = st.integers(-8, 8).map(lambda n: n / 2) | st.just(-0.0)
    row: Any = st.lists(st.tuples(names, numbers), max_size=4) | st.lists(
        st.tuples(names, numbers), min_size=17, max_size=40
    )
    rows = draw(st.lists(row, min_size=1, max_size=draw(ROWS)))
    lists = [[name for name, _ in row] for row in rows], [[value for _, value in row] for row in rows]
    if draw(st.integers(0, 9)) == 0 and lists[1][-1]:
        lists[1][-1].pop()
    return lists
