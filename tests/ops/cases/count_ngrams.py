"""CountNgrams: vocabularies with present and absent n-grams, in every unit and range."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.text import UNITS
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference.text import _char_ngrams, _padded_ngrams, _word_ngrams
from tests.helpers.texts import TEXTS
from tests.ops.cases import ROWS, Drawn
from tests.ops.cases.lowercase import columns

OPERATOR = ops.CountNgrams


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    texts, unit, apart = draw(columns(draw(ROWS))), draw(st.sampled_from(UNITS)), draw(st.booleans())
    low = draw(st.integers(1, 6))
    high = draw(st.integers(low, low + 6) | st.just(10**6))
    present = sorted({gram for text in texts if isinstance(text, str) for gram in _grams(unit, text, low, high, apart)})
    chosen = draw(st.sets(st.sampled_from(present))) if present else set()
    vocabulary = Parameter.strings(sorted(chosen | draw(st.sets(TEXTS, max_size=5))))
    x: Node = ops.Input("x", "str")
    if unit == "word":
        x = ops.SplitText(x, " ", -1) if apart else ops.Tokenize(x, r"\S+")
    dtype, binary = draw(st.sampled_from(["i64", "f32", "f64"])), draw(st.booleans())
    return ops.CountNgrams(x, vocabulary, unit, low, high, dtype, binary), {"x": texts}


def _grams(unit: str, text: str, low: int, high: int, apart: bool) -> Any:
    if unit == "word":
        return _word_ngrams(text.split(" ") if apart else text.split(), low, high)  # some are empty
    return (_char_ngrams if unit == "char" else _padded_ngrams)(text, low, high)
