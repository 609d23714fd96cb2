"""Where: every type, and a single column in each of the three positions."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.binary import NUMBERS
from tests.ops.cases import Drawn, dense_input
from tests.ops.pairs import of_type, pairs

OPERATOR = ops.Where


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    (a, b), columns = draw(pairs(st.sampled_from([*NUMBERS, "bool"]), 2))
    rows, widest = len(columns["a"]), max([a, b], key=lambda node: node.type.columns != 1)
    width = draw(st.sampled_from([None, 1, widest.type.width]))
    columns["c"] = draw(of_type("bool", rows, width))
    return ops.Where(dense_input("bool", width, "c"), a, b), columns
