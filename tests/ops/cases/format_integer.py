"""FormatInteger: small, large and negative integers."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from pretzel.plan import ops
from tests.ops.cases import Drawn

OPERATOR = ops.FormatInteger


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    values = st.integers(-(2**63), 2**63 - 1) | st.integers(-20, 200) | st.sampled_from([-(2**63), 2**63 - 1])
    drawn = draw(st.lists(values, min_size=1, max_size=8))
    return ops.FormatInteger(ops.Input("x", "i64")), {"x": np.array(drawn, np.int64)}
