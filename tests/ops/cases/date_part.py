"""DatePart: every field and unit, over the whole range of int64."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.dates import FIELDS
from tests.ops.cases import ROWS, Drawn, dense_input
from tests.ops.ticks import UNIT, columns

OPERATOR = ops.DatePart


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    unit, rows = draw(UNIT), draw(ROWS)
    return ops.DatePart(dense_input("i64", None), unit, draw(st.sampled_from(FIELDS))), {"x": draw(columns(unit, rows))}
