"""N-gram counts of difficult texts: huge ones, white space alone, wide vocabularies, invalid UTF-8."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.text import UNITS
from pretzel.plan.parameter import Parameter
from pretzel.plan.values import Texts
from tests.ops.harness import assert_alike, load, meaning

X = ops.Input("x", "str")


def counts(vocabulary: list[str], unit: str, low: int, high: int, **options: Any) -> Node:
    x = ops.Tokenize(X, r"\b\w+\b") if unit == "word" else X
    return ops.CountNgrams(x, Parameter.strings(vocabulary), unit, low, high, **options)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("text", ["a b " * 25_000, "日本 語" * 9_000, " " * 100_000, "a" * 100_000, "\0" * 100_000, ""])
def test_huge_texts(unit: str, text: str) -> None:
    node = counts(["a", "b", "a b", " a", "日", "日本 語日", "a" * 9, "\0" * 3, " ", "b a b a"], unit, 1, 9)
    columns = {"x": [text, "a b", text]}
    assert_alike(load(node).run(columns)["out"], meaning(node, columns))


@pytest.mark.parametrize("dtype", ["i64", "f32", "f64"])
def test_wide_vocabularies_come_out_in_order(dtype: str) -> None:
    words = [f"w{i}" for i in np.random.default_rng(0).permutation(300_000)]
    node = counts(words, "word", 1, 1, dtype=dtype)
    texts = [" ".join(f"w{i * i % 300_007}" for i in range(n)) for n in (0, 1, 5000, 3)]
    assert_alike(load(node).run({"x": texts})["out"], meaning(node, {"x": texts}))


@pytest.mark.parametrize("width", [1, 63, 64, 65, 4095, 4096, 4097])
def test_columns_at_the_edges_of_words_of_bits_are_counted(width: int) -> None:
    node = counts([f"w{i:04}" for i in range(width)], "word", 1, 1)
    ends = sorted({0, width // 2, max(width - 2, 0), width - 1})
    texts = [" ".join(f"w{i:04}" for i in picked) for picked in (ends * 3, ends[::-1], range(width), [width], [])]
    assert_alike(load(node).run({"x": texts})["out"], meaning(node, {"x": texts}))


@pytest.mark.parametrize("unit", ["char", "char_wb"])
def test_terms_that_overflow_their_bucket_are_found(unit: str) -> None:
    letters = "".join(map(chr, range(33, 127)))
    pairs = [a + b for a in letters for b in letters]
    node = counts(pairs[::2], unit, 2, 2)
    texts = ["".join(np.random.default_rng(seed).choice(list(letters), 3000)) for seed in range(6)]
    assert_alike(load(node).run({"x": texts})["out"], meaning(node, {"x": texts}))


def test_a_count_beyond_the_integers_of_float32_is_rounded_once() -> None:
    node = counts(["a"], "char", 1, 1, dtype="f32")
    out: Any = load(node).run({"x": ["a" * (2**24 + 3)]})["out"]
    assert out.data.tolist() == [np.float32(2**24 + 3)]


@settings(deadline=None)
@given(st.binary(max_size=40), st.sampled_from(UNITS), st.integers(0, 39))
def test_invalid_utf8_is_harmless(data: bytes, unit: str, cut: int) -> None:
    texts = Texts(
        np.frombuffer(data, np.uint8), np.array([min(cut, len(data)), len(data) - min(cut, len(data))], np.uint32)
    )
    node = counts(["a", "\0", "é", "abcdefgh"], unit, 1, 3).with_inputs
    chain: Node = ops.StripAccents(ops.Lowercase(X), "unicode")
    x = ops.Tokenize(chain, r"\b\w+\b") if unit == "word" else chain
    assert load(node((x,))).run({"x": texts})["out"]


@pytest.mark.parametrize("unit", UNITS)
def test_a_missing_text_is_rejected(unit: str) -> None:
    with pytest.raises(InputError, match=r"row 2: np.nan is an invalid document, expected byte or unicode string\."):
        load(counts(["a"], unit, 1, 1)).run({"x": ["a", "b", float("nan")]})


def test_memory_does_not_grow_after_the_first_call() -> None:
    executable = load(counts([chr(97 + i) for i in range(26)], "char", 1, 1))
    texts = ["the quick brown fox"] * 500
    first = executable.run({"x": texts})["out"]
    assert_alike(executable.run({"x": texts})["out"], first)


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet=" \t\n\x1c\x01ab.", max_size=80), st.sampled_from(["char", "char_wb"]))
def test_white_space_collapses_everywhere(text: str, unit: str) -> None:
    node = counts(["a ", " a", "ab", "b a", " \x01", "\x01 ", "  ", " ", "a b", "ba", ". a"], unit, 2, 3)
    columns = {"x": [text, "ab" * 20 + text, text + " ab" * 20]}
    assert_alike(load(node).run(columns)["out"], meaning(node, columns))
