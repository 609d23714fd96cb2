"""Functions that count words by `Counter`, or look them up in dictionaries made inside: traced exactly, or refused."""

from __future__ import annotations

import collections
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import FunctionTransformer

import pretzel
from pretzel.errors import UnsupportedError
from tests.importers.sklearn.test_traced_words import CHECKED, CORPUS
from tests.importers.sklearn.test_traced_words import TEXTS as RANDOM

NAMES = ("good", "Great!!", "ÅÉ", "")
GOOD = {"good", "great", "Love"}
POINTS = {"the": 0, "good": 2, "Great!!": 2, "bad": -2, "x_y": 7, "a": -1, "": 9}
SPACES = ["\u00a0", "\u3000", "\x1f", "\u2028", "\n", "\u200b"]
ODD = [
    "",
    " ",
    "the",
    "the the",
    "The the tHE",
    "good",
    " good ",
    "ÅÉ",
    "A\u030aE\u0301",
    "the" * 9,
    "a\x00the",
    *SPACES,
]
ODD += [f"the{space}the{space}a" for space in SPACES]
LONG = ["the " * 30_000 + "good", "x y " * 9_000 + "the", "é" * 50_000 + " the"]

VALUES: dict[str, Callable[[str], Any]] = {
    "a constant": lambda t: Counter(t.split())["the"] - collections.Counter(t.lower().split()).get("the", -1),
    "a default of none": lambda t: int(Counter(t.split()).get("the") is None) + (Counter(t.split()).get("a") or 7),
    "numbers of words": lambda t: (
        len(Counter(t.split())) + 100 * Counter(t.split()).total() + int("a" in Counter(t.split()))
    ),
    "none or some": lambda t: 1 if Counter(t.split()) else 2,
    "characters": lambda t: Counter(t)["o"] + sum(Counter(t)[c] for c in "aeé") + len(Counter(t)),
    "a list": lambda t: Counter([w.lower() for w in t.split() if len(w) > 1])["the"],
    "distinct words": lambda t: sum(len(w) for w in Counter(t.split())),
    "a dictionary of two lists": lambda t: dict(zip(NAMES, range(4), strict=True)).get(t.strip(), -1),
    "a dictionary of names": lambda t: dict(the=5, a=2)[t] if t in dict(the=5, a=2) else 0,
    "a dictionary of words": lambda t: sum(dict(the=5, a=2).get(w, 0) for w in t.split()) if t else -1,
    "points of words": lambda t: sum(POINTS.get(w.lower(), 0) for w in t.split()),
    "another default": lambda t: sum(POINTS.get(w, -3) for w in t.split() if len(w) > 1),
    "points of known words": lambda t: sum(POINTS[w] for w in t.split() if w in POINTS),
    "two sets in turn": lambda t: sum(2 if w in GOOD else -1 if w in POINTS else 0 for w in t.split()),
    "a list of points": lambda t: len([w for w in t.split() if POINTS.get(w, 0) > 0]),
}


@cache
def traced(name: str) -> tuple[Any, Any]:
    of_one = VALUES[name]
    model = FunctionTransformer(lambda texts: np.array([[of_one(t)] for t in texts])).fit(CORPUS)
    return model, pretzel.compile(model, sample=CORPUS)


@pytest.mark.parametrize("name", VALUES)
@CHECKED
@given(texts=st.lists(RANDOM | st.sampled_from(ODD), min_size=1, max_size=5))
def test_random_texts(name: str, texts: list[str]) -> None:
    model, predictor = traced(name)
    np.testing.assert_array_equal(predictor.transform(texts), model.transform(texts))


@pytest.mark.parametrize("name", VALUES)
def test_odd_and_long_texts(name: str) -> None:
    model, predictor = traced(name)
    for text in [*ODD, *LONG]:
        assert predictor.transform([text]).tolist() == model.transform([text]).tolist(), ascii(text[:40])


def updated(text: str) -> int:
    counts: Counter[str] = Counter()
    counts.update(text.split())
    return counts["the"]


def by_hand(text: str) -> int:
    counts: dict[str, int] = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
    return counts.get("the", 0)


def by_default(text: str) -> int:
    counts: dict[str, int] = collections.defaultdict(int)
    for word in text.split():
        counts[word] += 1
    return counts["the"]


def one_by_hand(text: str) -> int:
    counts = dict(the=0)
    for word in text.split():
        if word == "the":
            counts["the"] += 1
    return counts["the"]


def capped(text: str) -> int:
    counts = dict(the=0)
    for word in text.split():
        if word == "the" and counts["the"] < 2:
            counts["the"] += 1
    return counts["the"]


def repeated(text: str) -> int:
    before, count = "", [0]
    for word in text.split():
        count[0] += word == before
        before = word
    return count[0]


def already(text: str) -> int:
    known = set()
    for word in text.split():
        known.add(word)
    return len(known)


def emptied(text: str) -> int:
    counts = Counter(text.split())
    counts["the"] = 0
    return counts["the"]


def until_the_first(text: str) -> int:
    words, at = text.split(), 0
    while at < len(words) and words[at] != "a":
        at += 1
    return at


def often(text: str) -> int:
    found = 0
    for _ in range(1_000_000):
        found += "a" in text
    return found


INSIDE = (
    "a dictionary or set inside of the function has or is asked for a text of the row; define constant ones outside"
)
REFUSED: dict[str, tuple[Callable[[str], Any], str]] = {
    "a Counter that is updated": (updated, INSIDE),
    "counts by hand": (by_hand, INSIDE),
    "counts by a default": (by_default, INSIDE),
    "a count of one by hand": (one_by_hand, "cannot be served"),
    "a count with a limit": (capped, "cannot be served"),
    "the word before": (repeated, "a comparison of two texts of a row is not traced"),
    "words already seen": (already, INSIDE),
    "a dictionary inside": (lambda t: {"the": 1}.get(t, 0), INSIDE),
    "a Counter that is set": (emptied, "arithmetic of a Counter of words is not traced; ask for constant words"),
    "the largest count": (
        lambda t: max(Counter(t.split()).values(), default=0),
        r"Counter.values of words is not traced; ask for constant words, as in Counter\(words\)\['x'\]",
    ),
    "the commonest": (lambda t: len(Counter(t.split()).most_common(2)), "Counter.most_common of words is not traced"),
    "a difference": (lambda t: len(Counter(t.split()) - Counter("the")), "arithmetic of a Counter of words"),
    "another class": (lambda t: Counter(t.split()).nothing, "AttributeError over symbolic columns"),
    "a word of the row": (
        lambda t: sum(Counter(t.split())[w] > 1 for w in t.split()),
        "a word of a row is looked up among words; look up constant words",
    ),
    "the longest word": (lambda t: len(max(t.split(), key=len, default="")), "several words are compared"),
    "neighbors": (
        lambda t: len([" ".join(t.split()[i : i + 2]) for i in range(len(t.split()) - 1)]),
        "cannot be served",
    ),
    "a search by position": (until_the_first, "there are more than 128 ways through it"),
    "a question without end": (often, "it computes more than 50,000 values for a row"),
    "padded": (lambda t: len(f"{t:>20}"), "cannot be served"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_ends_a_trace_is_named(name: str) -> None:
    function, reason = REFUSED[name]
    model = FunctionTransformer(lambda texts: np.array([[function(t)] for t in texts])).fit(CORPUS)
    with pytest.raises(UnsupportedError, match=reason):
        pretzel.compile(model, sample=CORPUS)
