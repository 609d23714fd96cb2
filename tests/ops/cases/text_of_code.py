"""TextOfCode: codes within the table and outside of it."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.helpers.texts import TEXTS
from tests.ops.cases import Drawn

OPERATOR = ops.TextOfCode


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    table = Parameter.strings(draw(st.lists(TEXTS, max_size=5)))
    codes = draw(st.lists(st.integers(-2, 6) | st.sampled_from([-(2**63), 2**63 - 1]), min_size=1, max_size=8))
    return ops.TextOfCode(ops.Input("x", "i64"), table), {"x": np.array(codes, np.int64)}
