"""Tokens of native patterns are those that ``re.findall`` finds, and other patterns are refused before they run."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pretzel.errors import DefinitionError
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.patterns import class_run
from tests.helpers.texts import PATTERNS, TEXTS
from tests.ops.harness import assert_alike, load, meaning

X = ops.Input("x", "str")
CLASSES = [r"\w", r"\W", r"\S", r"\s", r"\d", r"[a-z]", r"[^\s.]", r"[\w']", r"[^a]", "a", "."]


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """Patterns of one class with every quantifier; those that are not native are left out."""
    one = draw(st.sampled_from(CLASSES))
    low = draw(st.integers(0, 3))
    most = draw(st.sampled_from(["+", "*", "?", f"{{{low},}}", f"{{{low},{low + draw(st.integers(0, 3))}}}", ""]))
    body = draw(st.sampled_from(["{}", "({})", "(?:{})"])).format(one * draw(st.integers(0, 2)) + one + most)
    lead, trail = (draw(st.sampled_from(["", r"\b"])) for _ in range(2))
    return draw(st.sampled_from(["", "(?i)", "(?a)", "(?s)"])) + lead + body + trail


def is_native(pattern: str) -> bool:
    try:
        class_run(pattern)
    except ValueError:
        return False
    return True


@settings(deadline=None)
@given(pattern=patterns().filter(is_native) | st.sampled_from(PATTERNS), text=TEXTS | st.text("a'. ", max_size=12))
@example(pattern=r"[\w']+\b", text="''a''b'' ''")
@example(pattern=r"\b[\w'.]{3,}\b", text="a.' b a.b.'")
def test_tokens_are_those_that_re_finds(pattern: str, text: str) -> None:
    text = text[:24]
    tokens = re.findall(pattern, text)
    pieces = {text[i:j] for i in range(len(text)) for j in range(i + 1, len(text) + 1)}
    pairs = {f"{a} {b}" for a, b in zip(tokens, tokens[1:], strict=False)}
    vocabulary = Parameter.strings(sorted(pieces | pairs | {"?"}))
    node = ops.CountNgrams(ops.Tokenize(X, pattern), vocabulary, "word", 1, 2)
    assert_alike(load(node).run({"x": [text]})["out"], meaning(node, {"x": [text]}))


@pytest.mark.parametrize(
    "pattern",
    [r"\w*", "", r"a|bc", r"[a-z]\w+", r"(\w)(\w)", r"(\w)\w+", r"(?=a)a", r"\w+?", r"^\w+", r"\w+$", r"(a+)+",
     r"(?i:a)", "(", "a{9}{9}", r"\b[\w']{2,4}\b", r"\b\w{1,3}", r"\w{1,3}\b", "a" * 1001, "(" * 900 + ")" * 900,
     r"\B\w+", "a{1,99999999999999999999}"],
)  # fmt: skip
def test_other_patterns_are_refused_by_name(pattern: str) -> None:
    with pytest.raises(DefinitionError, match="tokenize: pattern "):
        load(ops.CountNgrams(ops.Tokenize(X, pattern), Parameter.strings(["a"]), "word", 1, 1))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_text_makes_a_pattern_slow(pattern: str) -> None:
    executable = load(ops.CountNgrams(ops.Tokenize(X, pattern), Parameter.strings(["zz"]), "word", 1, 1))
    texts = [unit * 200_000 for unit in ("a", ".", "a.", "'", "é ", " ")]
    started = time.perf_counter()
    executable.run({"x": texts})
    assert time.perf_counter() - started < 5
