"""ReplaceMatches: runs of a class, and patterns of automata without groups."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from pretzel.plan import ops
from tests.helpers.texts import GENERAL, PATTERNS, TEXTS
from tests.ops.cases import MISSING, Drawn

OPERATOR = ops.ReplaceMatches


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts = draw(st.lists(TEXTS | MISSING, min_size=1, max_size=6))
    plain = [pattern for pattern in [*PATTERNS, *GENERAL] if re.compile(pattern).groups == 0]
    pattern = draw(st.sampled_from(plain))
    return ops.ReplaceMatches(ops.Input("x", "str"), pattern, draw(st.sampled_from(["", "#", "\\\\1é"]))), {"x": texts}
