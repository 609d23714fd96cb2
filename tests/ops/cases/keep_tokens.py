"""KeepTokens: every test of a token, and of the same token in another case, alone and in groups."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.token_tests import TESTS
from pretzel.plan.parameter import Parameter
from tests.helpers.texts import TEXTS, WORDS
from tests.ops.cases import ROWS, Drawn

OPERATOR = ops.KeepTokens
TOKEN = st.sampled_from([*WORDS, "", "12", "-3.5", "aé", "seven77", "eight888"]) | TEXTS
LITERALS = st.sampled_from(["a", "aé", "the", "é", "12"])


@st.composite
def lists(draw: st.DrawFn) -> list[list[str]]:
    rows = draw(ROWS)
    return draw(st.lists(st.lists(TOKEN, max_size=5), min_size=rows, max_size=rows))


@st.composite
def tests(draw: st.DrawFn, tokens: Node) -> tuple[tuple[Node, ...], dict[str, Any]]:
    """Return what the tests read, and the attributes of an operator of tests."""
    names = tuple(draw(st.lists(st.sampled_from([*TESTS, "member"]), min_size=1, max_size=4)))
    read = st.sampled_from(
        [tokens, ops.ChangeCase(tokens, "lower"), ops.FilterTokens(tokens, Parameter.strings(["x"]))]
    )
    each = lambda kind: tuple(draw(kind) for _ in names)  # noqa: E731
    words = Parameter.strings(sorted(draw(st.sets(st.sampled_from([*WORDS, "seven77"]), max_size=5))))
    attributes = {"tests": names, "negated": each(st.booleans()), "texts": each(LITERALS)}
    attributes |= {"least": each(st.integers(-2, 6)), "words": words if "member" in names else None}
    return each(read), attributes


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    tokens = ops.Input("x", "str[*]")
    read, attributes = draw(tests(tokens))
    return ops.JoinTokens(ops.KeepTokens((tokens, *read), **attributes), "|"), {"x": draw(lists())}
