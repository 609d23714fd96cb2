"""Tokens of native patterns are the matches of ``re.findall``; other patterns are rejected before they run."""

from __future__ import annotations

import re
import time
from itertools import chain

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pretzel.errors import DefinitionError
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.regex.automaton import check
from pretzel.plan.regex.pattern import class_run
from tests.helpers.texts import GENERAL, PATTERNS, TEXTS
from tests.ops.harness import assert_alike, load, meaning

X = ops.Input("x", "str")
CLASSES = [r"\w", r"\W", r"\S", r"\s", r"\d", r"[a-z]", r"[^\s.]", r"[\w']", r"[^a]", "a", "."]


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """Patterns of one class with every quantifier, without those that are not native."""
    one = draw(st.sampled_from(CLASSES))
    low = draw(st.integers(0, 3))
    most = draw(st.sampled_from(["+", "*", "?", f"{{{low},}}", f"{{{low},{low + draw(st.integers(0, 3))}}}", ""]))
    body = draw(st.sampled_from(["{}", "({})", "(?:{})"])).format(one * draw(st.integers(0, 2)) + one + most)
    lead, trail = (draw(st.sampled_from(["", r"\b"])) for _ in range(2))
    return draw(st.sampled_from(["", "(?i)", "(?a)", "(?s)"])) + lead + body + trail


@st.composite
def general_patterns(draw: st.DrawFn, depth: int = 3) -> str:
    """Patterns of everything that an automaton may support, and sometimes of more."""
    kind = draw(
        st.sampled_from(["one", "one", "sequence", "choice", "repeat", "repeat", "assert"] if depth else ["one"])
    )
    part = general_patterns(depth - 1)
    if kind == "one":
        return draw(st.sampled_from([*CLASSES, "b", "-", "[ab]", "é", r"\W"]))
    if kind == "sequence":
        return draw(st.sampled_from(["{}{}", "{}{}{}", "({}){}", "{}({})"])).format(*(draw(part) for _ in range(3)))
    if kind == "choice":
        return f"(?:{'|'.join(draw(part) for _ in range(draw(st.integers(2, 3))))})"
    if kind == "repeat":
        return f"(?:{draw(part)})" + draw(st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "*?", "+?", "??", "{1,2}?"]))
    return draw(st.sampled_from([r"\b{}", r"{}\b", r"\B{}", "^{}", r"{}\Z", r"(?:{}$)"])).format(draw(part))


def is_served(pattern: str) -> bool:
    try:
        check(pattern)
    except ValueError:
        return False
    return True


FLAGS = st.sampled_from(["", "", "(?i)", "(?a)", "(?s)", "(?m)"])
SERVED = st.builds("{}{}".format, FLAGS, general_patterns()).filter(is_served)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(
    pattern=SERVED,
    texts=st.lists(TEXTS | st.text("abAB1é-_. \n'", max_size=24), min_size=1, max_size=20),
)
def test_an_automaton_finds_what_re_finds(pattern: str, texts: list[str]) -> None:
    assert_tokens(pattern, texts)


@pytest.mark.parametrize("pattern", GENERAL)
def test_patterns_of_every_kind(pattern: str) -> None:
    texts = [
        "",
        "The don't co-operate, #tag 3.14!",
        "abcabcd ab",
        "a\nbs\n c's",
        "<a><b>",
        "aaaa",
        "ÉCOLE école1",
        "\n",
    ]
    assert_tokens(pattern, texts)


def assert_tokens(pattern: str, texts: list[str]) -> None:
    """Fail unless the tokens, and each with the next, are those of ``re``; other pieces of the texts do not match."""
    texts = [text[:24] for text in texts]
    pieces = {text[i:j] for text in texts for i in range(len(text)) for j in range(i + 1, len(text) + 1)}
    matches = [re.findall(pattern, text) for text in texts]
    pairs = {f"{a} {b}" for tokens in matches for a, b in zip(tokens, tokens[1:], strict=False)}
    vocabulary = Parameter.strings(sorted(pieces | pairs | {"?"}))
    node = ops.CountNgrams(ops.Tokenize(X, pattern), vocabulary, "word", 1, 2)
    assert_alike(load(node).run({"x": texts})["out"], meaning(node, {"x": texts}))


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
    assert_tokens(pattern, [text])


@pytest.mark.parametrize(
    "pattern",
    [r"\w*", "", r"(\w)(\w)", r"(?=a)a", r"(?<!a)a", r"\w+$", r"(a+)+", r"(a)|b", r"a(b*)c", r"(\w)\1", r"(?:a?)+b",
     r"(?i:a)", "(", "(?:a{9}){99999}", r"a++", r"(?>a)", "a" * 1001, "(" * 900 + ")" * 900,
     "a{1,99999999999999999999}", r"a.*b|a", r"\w+@|b", r"\w+[.]|\w", r"(?:a|ab)(?:c|bcd)*d|a", r"(?s)<.+?>|\w"],
)  # fmt: skip
def test_other_patterns_are_rejected_by_name(pattern: str) -> None:
    with pytest.raises(DefinitionError, match="tokenize: pattern "):
        load(ops.CountNgrams(ops.Tokenize(X, pattern), Parameter.strings(["a"]), "word", 1, 1))


@pytest.mark.parametrize("pattern", [*PATTERNS, *GENERAL])
def test_no_text_makes_a_pattern_slow(pattern: str) -> None:
    executable = load(ops.CountNgrams(ops.Tokenize(X, pattern), Parameter.strings(["zz"]), "word", 1, 1))
    texts = [unit * 200_000 for unit in ("a", ".", "a.", "'", "é ", " ")]
    started = time.perf_counter()
    executable.run({"x": texts})
    assert time.perf_counter() - started < 5


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["a", "bc", "_9", "x" * 63, "y" * 64, "z" * 130, "é"]), max_size=12),
    st.lists(st.sampled_from([" ", ". ", "'", "-" * 64, " " * 63, "\0"]), min_size=12, max_size=12),
    st.sampled_from([r"\b\w\w+\b", r"\w+", r"\b\w{2,64}\b", r"[a-z]+", r"\b[a-z]{2,}\b", r"\w{3}"]),
)
def test_runs_that_end_at_sixty_four_characters(runs: list[str], between: list[str], pattern: str) -> None:
    text = "".join(run + gap for run, gap in zip(runs, between, strict=False))
    texts = [text, text.strip(), "", "a" + text]
    matches = [re.findall(pattern, text) for text in texts]
    pairs = {f"{a} {b}" for tokens in matches for a, b in zip(tokens, tokens[1:], strict=False)}
    tokens = {cut for token in chain.from_iterable(matches) for cut in (token, token[1:], token[:-1])} - {""}
    node = ops.CountNgrams(ops.Tokenize(X, pattern), Parameter.strings(sorted(tokens | pairs | {"?"})), "word", 1, 2)
    assert_alike(load(node).run({"x": texts})["out"], meaning(node, {"x": texts}))


@pytest.mark.parametrize(
    "pattern", [r"\w+", r"\S+", r"[!-/]+", r"[\x00-\x1f]+", r"[\x20-\x7f]{2,}", r"[^a-z]+", r"\b\w+\b"]
)
@pytest.mark.parametrize("gap", [" ", "a", "_" * 31])
def test_every_ascii_character_is_of_its_class(pattern: str, gap: str) -> None:
    texts = [gap.join(chr(i) * 2 for i in range(128)), gap.join(map(chr, range(127, -1, -1)))]
    tokens = {token for text in texts for token in re.findall(pattern, text)}
    vocabulary = Parameter.strings(sorted(tokens | set(map(chr, range(128)))))
    node = ops.CountNgrams(ops.Tokenize(X, pattern), vocabulary, "word", 1, 1)
    assert_alike(load(node).run({"x": texts})["out"], meaning(node, {"x": texts}))
