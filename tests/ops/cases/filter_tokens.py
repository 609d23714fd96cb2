"""FilterTokens, observed through the counts of the remaining words."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.helpers.texts import TEXTS, WORDS
from tests.ops.cases import ROWS, Drawn

OPERATOR = ops.FilterTokens

LONG = ["longerthansevenbytes", "longerthansevenbyteS", "seven77", "eight888", "x" * 100]


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    some = st.sampled_from([*WORDS, *LONG])
    texts = draw(st.lists(TEXTS | st.lists(some, max_size=8).map(" ".join), min_size=1, max_size=draw(ROWS)))
    stop_words = draw(st.sets(some, max_size=8))
    tokens = ops.Tokenize(ops.Input("x", "str"), r"\S+")
    remaining = ops.FilterTokens(tokens, Parameter.strings(sorted(stop_words)))
    vocabulary = sorted({token for text in texts for token in text.split()} | {*WORDS, *LONG, "a b"})
    return ops.CountNgrams(remaining, Parameter.strings(vocabulary), "word", 1, 1), {"x": texts}
