"""Compare: every function and type, ties, NaN, zeros of both signs."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.binary import COMPARISONS, NUMBERS
from tests.ops.cases import Drawn
from tests.ops.pairs import pairs

OPERATOR = ops.Compare


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    (a, b), columns = draw(pairs(st.sampled_from([*NUMBERS, "bool"]), 2))
    return ops.Compare(a, b, draw(st.sampled_from(COMPARISONS))), columns
