"""LookupFeatures: known and unknown names, and repeated names."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.helpers.texts import TEXTS, WORDS
from tests.ops.cases import FLOATS, Drawn
from tests.ops.cases.hash_features import pairs

OPERATOR = ops.LookupFeatures


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    names, values = draw(pairs(st.sampled_from(WORDS) | TEXTS))
    vocabulary = draw(st.permutations(sorted({name for row in names for name in row if name} | {"nowhere"})))
    known = Parameter.strings(vocabulary[: draw(st.integers(0, len(vocabulary)))])
    x = ops.Input("names", "str[*]"), ops.Input("values", "f64[*]")
    return ops.LookupFeatures(*x, known, draw(FLOATS)), {"names": names, "values": values}
