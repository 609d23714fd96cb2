"""Tokenize, observed through token counts, because tokens cannot be an output."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.helpers.texts import GENERAL, PATTERNS
from tests.ops.cases import ROWS, Drawn
from tests.ops.cases.lowercase import columns

OPERATOR = ops.Tokenize


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts, pattern = draw(columns(draw(ROWS))), draw(st.sampled_from([*PATTERNS, *GENERAL]))
    tokens = sorted({token for text in texts if isinstance(text, str) for token in re.findall(pattern, text)})
    # Pairs check the order of the tokens; if the kernel finds other tokens, some pair is missing.
    token_rows = [re.findall(pattern, text) for text in texts if isinstance(text, str)]
    pairs = sorted({" ".join(pair) for row in token_rows for pair in zip(row, row[1:], strict=False)} - set(tokens))
    others = ["a", "the", "b a"]
    vocabulary = list(dict.fromkeys([*tokens, *pairs, *others]))
    node = ops.Tokenize(ops.Input("x", "str"), pattern)
    return ops.CountNgrams(node, Parameter.strings(vocabulary), "word", 1, 2), {"x": texts}
