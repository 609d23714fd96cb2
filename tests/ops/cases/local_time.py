"""LocalTime: no transitions and many, instants at them, and outside of the table."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.ops.cases import ROWS, Drawn, dense_input
from tests.ops.ticks import NAT, columns

OPERATOR = ops.LocalTime


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    near = st.integers(-5, 20)
    transitions = np.array(sorted(draw(st.sets(near, max_size=5))), np.int64)
    offsets = draw(hnp.arrays(np.int64, len(transitions) + 1, elements=st.integers(-50, 50)))
    first, last = draw(st.sampled_from([(NAT, 2**63 - 1), (-4, 19)]))
    x = hnp.arrays(np.int64, draw(ROWS), elements=near | st.just(NAT))
    node = ops.LocalTime(
        dense_input("i64", None), Parameter.of(transitions), Parameter.of(offsets), first, last, zone="Europe/Berlin"
    )
    value = draw(x)
    return node, {"x": value if draw(st.integers(0, 3)) else draw(columns("s", len(value)))}
