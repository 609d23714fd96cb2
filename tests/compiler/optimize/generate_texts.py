"""Makers of the operators over texts and over the names of features."""

from __future__ import annotations

from typing import Any

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import NUMBERS, TEXT, TOKENS, dense
from tests.compiler.optimize.generate import WORDS, Draw, makes, simple

simple(ops.Lowercase, lambda n: n.type == TEXT, lambda d, x: {})
simple(ops.StripAccents, lambda n: n.type == TEXT, lambda d, x: {"form": d.dice.choice(["ascii", "unicode"])})
simple(ops.Tokenize, lambda n: n.type == TEXT, lambda d, x: {"pattern": r"(?u)\b\w\w+\b"})
simple(
    ops.FilterTokens,
    lambda n: n.type == TOKENS,
    lambda d, x: {"stop_words": Parameter.strings(d.dice.choice([[], ["ab"]]))},
)
simple(
    ops.CountNgrams,
    lambda n: n.type in (TEXT, TOKENS),
    lambda d, x: {
        "vocabulary": Parameter.of(d.dice.sample(WORDS, d.dice.randint(1, 5))),
        "unit": "word" if x.type == TOKENS else d.dice.choice(["char", "char_wb"]),
        "low": 1,
        "high": 2,
        "dtype": d.dice.choice(["f64", "f64", "i64", "f32"]),
        "binary": d.dice.random() < 0.3,
    },
)

simple(
    ops.ChangeCase,
    lambda n: n.type in (TEXT, TOKENS),
    lambda d, x: {"form": d.dice.choice(["lower", "upper", "title"])},
)
simple(
    ops.StripText,
    lambda n: n.type in (TEXT, TOKENS),
    lambda d, x: {"characters": d.dice.choice(["", "a"]), "side": "both"},
)
simple(ops.SliceText, lambda n: n.type in (TEXT, TOKENS), lambda d, x: {"start": d.dice.randint(-2, 1), "stop": 3})
simple(ops.ReplaceText, lambda n: n.type in (TEXT, TOKENS), lambda d, x: {"old": d.dice.choice(WORDS), "new": "B"})
simple(
    ops.ReplaceMatches,
    lambda n: n.type in (TEXT, TOKENS),
    lambda d, x: {"pattern": r"[ab]+", "new": d.dice.choice(["", "c"])},
)
simple(ops.PadText, lambda n: n.type in (TEXT, TOKENS), lambda d, x: {"width": 4, "fill": "0", "side": "left"})
simple(
    ops.SurroundText, lambda n: n.type in (TEXT, TOKENS), lambda d, x: {"before": d.dice.choice(WORDS), "after": "c"}
)
simple(ops.TestText, lambda n: n.type == TEXT, lambda d, x: {"function": "contains", "text": d.dice.choice(WORDS)})
simple(
    ops.MeasureText,
    lambda n: n.type == TEXT,
    lambda d, x: {"function": d.dice.choice(["length", "count"]), "text": "a"},
)
simple(ops.ParseNumber, lambda n: n.type == TEXT, lambda d, x: {})
simple(ops.SplitText, lambda n: n.type == TEXT, lambda d, x: {"separator": d.dice.choice(["", "a"])})
simple(ops.PickToken, lambda n: n.type == TOKENS, lambda d, x: {"index": d.dice.randint(-2, 1)})
simple(ops.CountTokens, lambda n: n.type == TOKENS, lambda d, x: {})
simple(ops.LongestToken, lambda n: n.type == TOKENS, lambda d, x: {"shortest": d.dice.random() < 0.5})
simple(
    ops.SumTokens,
    lambda n: n.type == TOKENS,
    lambda d, x: {"keys": Parameter.strings(d.dice.sample(WORDS, 3)), "numbers": Parameter.of([0.1, -2.5, 1e3])},
)
simple(ops.JoinTokens, lambda n: n.type == TOKENS, lambda d, x: {"separator": " "})
simple(ops.UniqueTokens, lambda n: n.type == TOKENS, lambda d, x: {})
simple(ops.FormatInteger, lambda n: n.type == dense("i64"), lambda d, x: {})
simple(
    ops.TextOfCode, lambda n: n.type == dense("i64"), lambda d, x: {"table": Parameter.strings(d.dice.sample(WORDS, 3))}
)


@makes(ops.KeepTokens)
def _kept(draw: Draw) -> Node | None:
    x = draw.pick(lambda node: node.type == TOKENS)
    read = draw.pick(lambda node: node.type == TOKENS)
    return None if x is None or read is None else ops.KeepTokens((x, read, x), **_tests(draw))


@makes(ops.ChooseTokens)
def _chosen_tokens(draw: Draw) -> Node | None:
    x = draw.pick(lambda node: node.type == TOKENS)
    read = draw.pick(lambda node: node.type == TOKENS)
    return None if x is None or read is None else ops.ChooseTokens((x, read, read, x), **_tests(draw))


def _tests(draw: Draw) -> dict[str, Any]:
    tests = (draw.dice.choice(["contains", "isalpha"]), draw.dice.choice(["member", "length"]))
    words = Parameter.strings(draw.dice.sample(WORDS, 3)) if "member" in tests else None
    return {
        "tests": tests, "negated": (draw.dice.random() < 0.5, False), "texts": ("a", ""), "least": (0, 2),
        "words": words,
    }  # fmt: skip


@makes(ops.ConcatTexts)
def _concatenated(draw: Draw) -> Node | None:
    texts = [draw.pick(lambda node: node.type == TEXT) for _ in range(2)]
    return None if None in texts else ops.ConcatTexts(tuple(filter(None, texts)))


@makes(ops.ChooseText)
def _chosen(draw: Draw) -> Node | None:
    condition = draw.pick(lambda node: node.type == dense("bool"))
    kind = draw.dice.choice([TEXT, TOKENS])
    a, b = (draw.pick(lambda node: node.type == kind) for _ in range(2))
    return None if condition is None or a is None or b is None else ops.ChooseText(condition, a, b)


@makes(ops.Require)
def _required(draw: Draw) -> Node | None:
    condition = draw.pick(lambda node: node.type == dense("bool"))
    x = draw.pick(lambda node: node.type.layout == "dense")
    return None if condition is None or x is None else ops.Require(x, condition, "it is wrong")


@makes(ops.HashNgrams)
def _hashed(draw: Draw) -> Node | None:
    x = draw.pick(lambda node: node.type in (TEXT, TOKENS))
    if x is None:
        return None
    unit = "word" if x.type == TOKENS else draw.dice.choice(["char", "char_wb"])
    return ops.HashNgrams(x, draw.dice.randint(1, 9), unit, 1, 2, **_options(draw, ["f64", "f64", "i64", "f32"], True))


@makes(ops.HashFeatures)
def _hashed_features(draw: Draw) -> Node:
    return ops.HashFeatures(*_features(draw), draw.dice.randint(1, 9), **_options(draw, ["f64", "f32"], False))


@makes(ops.LookupFeatures)
def _lookup_features(draw: Draw) -> Node:
    vocabulary = Parameter.of(draw.dice.sample(WORDS, draw.dice.randint(1, 5)))
    return ops.LookupFeatures(*_features(draw), vocabulary, draw.dice.choice(["f64", "f64", "f32"]))


def _features(draw: Draw) -> tuple[Node, Node]:
    """Return the names and the values of features, as inputs, because no operator computes them."""
    pair = ops.Input("names", str(TOKENS)), ops.Input("values", str(NUMBERS))
    draw.nodes[:0] = [node for node in pair if node not in draw.nodes]
    return pair


def _options(draw: Draw, dtypes: list[str], binary: bool) -> dict[str, Any]:
    options: dict[str, Any] = {"dtype": draw.dice.choice(dtypes), "alternate_sign": draw.dice.random() < 0.5}
    return options | ({"binary": draw.dice.random() < 0.3} if binary else {})
