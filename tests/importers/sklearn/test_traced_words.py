"""Functions of users over the words and characters of a text, against themselves on random texts."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import FunctionTransformer

import pretzel
from pretzel.errors import InputError, UnsupportedError

STOP = {"the", "a", "north"}
GOOD = frozenset({"good", "great", "Love"})
VOWELS = "aeiou"
MOODS = {"good": 0.1, "great": 0.2, "bad": -0.3, "the": 1e16, "north": -1e16, "singing": 2.5}
"""Floats whose sum is another one in another order."""
CORPUS = ["The good, the bad and a film", "north 12 -3.5 aé", "Great!! I Love it -- no? x_y Straße", "sings singing s"]
WEIGHTS = {"a": 0.1, "e": 0.7, "\u1e9e": 0.25}
WORDS = st.sampled_from([*" ".join(CORPUS).split(), "the", "a", "-", "", ".", "ΟΔΟΣ", "İx", "seven77", "singing."])
TEXTS = st.lists(WORDS, max_size=6).map(" ".join) | st.text("aAzé1 .,!\t\n\u1e9e", max_size=12) | st.text(max_size=6)
CHECKED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def stem(word: str) -> str:
    if word.endswith("ing"):
        return word[:-3]
    return word[:-1] if word.endswith("s") and len(word) > 3 else word


def cleaned(text: str) -> list[str]:
    words = []
    for word in text.lower().split():
        word = word.strip(".,!?")
        if word and word not in STOP and len(word) > 1:
            words.append(word)
    return words


def in_steps(text: str) -> list[str]:
    if not text:
        return []
    words = [word for word in text.split() if not word.isdigit()]
    words = [stem(word) for word in words]
    return [word for word in words if word not in {"the", "film"}]


def not_numbers(text: str) -> list[str]:
    words = []
    for word in text.split():
        try:
            float(word)
        except ValueError:
            words.append(word)
    return words


ANALYZERS: dict[str, Callable[[str], Any]] = {
    "split at spaces": lambda s: [w for w in s.lower().split(" ")],
    "long ones": lambda s: [w for w in s.split() if len(w) > 2],
    "of a length": lambda s: [w for w in s.split() if 2 <= len(w) < 5 or len(w) == 7],
    "changed": lambda s: [re.sub(r"\d", "#", w.upper())[:4] for w in s.split(",") if w.strip()],
    "not in a set": lambda s: [w.lower() for w in re.findall(r"\w+", s) if w.lower() not in STOP],
    "some ends": lambda s: [w for w in s.split() if w.startswith(("t", "N")) or w.endswith("d") or "o" in w],
    "counted": lambda s: [w for w in s.split() if w.count("o") > 1 or w.find("o") >= 1],
    "chosen": lambda s: ["<number>" if w.isdigit() else f"{w}_x" for w in s.split()],
    "filtered": lambda s: list(filter(str.isalpha, map(str.lower, s.split()))),
    "first letters": lambda s: [w[0] for w in s.split()],
    "stemmed": lambda s: [stem(w) for w in s.split()],
    "characters": lambda s: [c for c in s if c.isalpha() and c not in VOWELS],
    "cleaned": cleaned,
    "in steps": in_steps,
    "not numbers": not_numbers,
}
VALUES: dict[str, Callable[[str], Any]] = {
    "numbers": lambda t: len([w for w in t.split() if w.isupper()]),
    "sums": lambda t: sum(len(w) for w in t.split() if w[:1] != "t") + 2 * sum(w in GOOD for w in t.split()),
    "constants": lambda t: sum(2 if w in GOOD else -1 if w == "bad" else 0 for w in t.split()),
    "counts": lambda t: sum(w.count("oo") for w in t.split()) + t.split().count("the"),
    "any": lambda t: 1 if any(w in GOOD for w in t.split()) else 2,
    "all": lambda t: int(all(len(w) > 1 or w.isdigit() for w in t.split())),
    "distinct": lambda t: len(set(t.lower().split())) / max(len(t.split()), 1),
    "of a set": lambda t: len(set(t.split()) & GOOD) - len(set(t.split()) - GOOD) + int("the" in t.split()),
    "characters": lambda t: sum(c in "aeiou" for c in t) + sum(1 for c in t if c in string.punctuation),
    "part of a constant": lambda t: int(t[:2] in "the good"),
    "moods": lambda t: sum(MOODS.get(w, 0.0) for w in t.split()),
    "moods of changed words": lambda t: sum(MOODS.get(w.lower().strip("."), 0) for w in t.split() if w != "a"),
    "moods of known words": lambda t: sum([MOODS[w] for w in t.split() if w in MOODS]) / max(len(t.split()), 1),
    "weights of characters": lambda t: (
        sum({"a": 0.5, "z": 0.1}.get(c, 0.0) for c in "az") + sum(WEIGHTS.get(c, 0) for c in t)
    ),
    "the longest": lambda t: max((len(w) for w in t.split()), default=0),
    "the longest of some": lambda t: max([len(w.strip(".!")) for w in t.split() if w not in STOP], default=-1),
    "the shortest": lambda t: min(map(len, t.split()), default=3) + max(len(t), 3),
    "kinds of characters": lambda t: len(set(t)) + any(c.isdigit() for c in t) + sum(not c.isalnum() for c in t),
}
REWRITTEN: dict[str, Callable[[str], Any]] = {
    "without punctuation": lambda t: "".join(c for c in t if c not in string.punctuation).strip(),
    "joined": lambda t: "<" + "_".join([w.strip(".") for w in t.split() if len(w) > 1]).upper() + ">",
    "or none": lambda t: " ".join(w for w in t.split() if w in GOOD) or "none",
    "formatted": lambda t: "{}|{}".format(t.strip(), "-".join(sorted(GOOD)[:1])),
}


@cache
def analyzed(name: str) -> tuple[Any, Any]:
    model = CountVectorizer(analyzer=ANALYZERS[name]).fit(CORPUS)
    return model, pretzel.compile(model)


@pytest.mark.parametrize("name", ANALYZERS)
@CHECKED
@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_analyzers(name: str, texts: list[str]) -> None:
    model, predictor = analyzed(name)
    np.testing.assert_array_equal(predictor.transform(texts).toarray(), model.transform(texts).toarray())


@cache
def of_texts(kind: str, name: str) -> tuple[Any, Any]:
    if kind == "value":
        of_one = VALUES[name]
        model = FunctionTransformer(lambda texts: np.array([[of_one(t)] for t in texts])).fit(CORPUS)
    else:
        of_one = REWRITTEN[name]
        model = FunctionTransformer(lambda texts: [of_one(t) for t in texts]).fit(CORPUS)
    return model, pretzel.compile(model, sample=CORPUS)


@pytest.mark.parametrize("name", VALUES)
@CHECKED
@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_numbers_of_words(name: str, texts: list[str]) -> None:
    model, predictor = of_texts("value", name)
    np.testing.assert_array_equal(predictor.transform(texts), model.transform(texts))


@pytest.mark.parametrize("name", REWRITTEN)
@CHECKED
@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_texts_of_words(name: str, texts: list[str]) -> None:
    model, predictor = of_texts("text", name)
    assert list(predictor.transform(texts)) == model.transform(texts)


CONDITIONS: list[Callable[[str], Any]] = [
    str.isalpha, str.isupper, lambda w: len(w) > 2, lambda w: w in STOP, lambda w: w.lower() in GOOD,
    lambda w: w.startswith("s"), lambda w: w == "a", lambda w: "o" in w, lambda w: w[-1:] != "s",
]  # fmt: skip
CHANGES: list[Callable[[str], Any]] = [
    str.lower, str.strip, lambda w: w[:-1], lambda w: w.replace("o", "00"), lambda w: f"x{w}", stem, lambda w: w,
]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_conditions_and_changes(data: st.DataObject) -> None:
    a, b, c = (data.draw(st.sampled_from(CONDITIONS)) for _ in range(3))
    change, other = (data.draw(st.sampled_from(CHANGES)) for _ in range(2))
    form = data.draw(st.integers(0, 3))

    def words(text: str) -> list[str]:
        if form == 0:
            return [change(w) for w in text.split() if (a(w) or not b(w)) and not c(w)]
        if form == 1:
            return [change(w) if a(w) and b(w) else other(w) for w in text.split()]
        if form == 2:
            return [other(w) for w in [change(w) for w in text.split() if a(w)] if b(w) or c(w)]
        return [change(w) for w in text.split() if not (a(w) if b(w) else c(w))] if text[:1] != "n" else text.split()

    model = CountVectorizer(analyzer=words, vocabulary=sorted({w for text in CORPUS for w in words(text)} | {"a", "x"}))
    texts = [*CORPUS, *data.draw(st.lists(TEXTS, max_size=4))]
    got = pretzel.compile(model).transform(texts)
    np.testing.assert_array_equal(got.toarray(), model.transform(texts).toarray())


def test_a_word_for_which_a_function_raises_an_error_rejects_its_row() -> None:
    model = FunctionTransformer(lambda texts: np.array([[sum(w[1] == "a" for w in t.split())] for t in texts]))
    predictor = pretzel.compile(model.fit(CORPUS), sample=["ab cd"])
    assert predictor.transform(["bad cot", ""]).tolist() == [[1], [0]]
    with pytest.raises(InputError, match=r"row 1: the function raises an error for it \(IndexError"):
        predictor.transform(["ab", "cd e"])


def test_a_row_without_words_has_no_longest_one() -> None:
    model = FunctionTransformer(lambda texts: np.array([[max(len(w) for w in t.split())] for t in texts]))
    predictor = pretzel.compile(model.fit(CORPUS), sample=["ab cd"])
    assert predictor.transform(["bad co", "\u00e9\u00e9\u00e9\u00e9"]).tolist() == [[3], [4]]
    with pytest.raises(InputError, match=r"row 1: the function raises an error for it \(ValueError"):
        predictor.transform(["ab", " "])


def counter(text: str) -> int:
    count = 0
    for word in text.split():
        count += len(word) > 2
    return count


def flag(text: str) -> int:
    found = False
    for word in text.split():
        if word in STOP:
            found = True
    return int(found)


def left_early(text: str) -> int:
    for word in text.split():
        if word in STOP:
            return 1
    return 0


def last(text: str) -> str:
    found = "none"
    for word in text.split():
        found = word
    return found


REFUSED: dict[str, tuple[Callable[[str], Any], str]] = {
    "a counter": (counter, "a loop over words assigns count again; use a list of the words, or sum"),
    "a flag": (flag, "a loop over words assigns found again"),
    "left early": (left_early, r"a loop over words ends before the last one; use any\(...\), all"),
    "the last": (last, "one word of a loop is used after it|its operators"),
    "places": (
        lambda t: len([w for i, w in enumerate(t.split()) if i > 0]),
        "enumerate over words depends on their positions",
    ),
    "pairs": (
        lambda t: len([a for a, b in zip(t.split(), t.split(), strict=True) if len(a) > len(b)]),
        "zip over words depends on their positions",
    ),
    "neighbors": (lambda t: len(list(zip(t.split(), t.split()[1:], strict=False))), "a slice of words is not traced"),
    "the longest": (lambda t: len(max(t.split(), key=len, default="")), "several words are compared"),
    "sorted": (lambda t: " ".join(sorted(t.split())), "an order of texts is not traced"),
    "two sets": (lambda t: len([w for w in t.split() if w in STOP or w in GOOD]), "several sets at once; unite"),
    "parts of words": (lambda t: len([w for w in t.split() if len(w.split("-")) > 1]), "of this kind on single words"),
    "other numbers": (lambda t: sum(len(w) ** 2 for w in t.split()), "a sum of this number of words is not traced"),
    "halves": (lambda t: sum(0.5 for w in t.split() if w in STOP), "a sum of this number of words is not traced"),
    "two dictionaries": (
        lambda t: sum(MOODS.get(w, WEIGHTS.get(w, 0.0)) for w in t.split()),
        "floats of one dictionary",
    ),
    "other defaults": (lambda t: sum(MOODS.get(w, 0.5) for w in t.split()), "with the default 0.0"),
    "a start": (lambda t: sum((MOODS.get(w, 0.0) for w in t.split()), 0.5), "add it after the sum"),
    "the most": (lambda t: max((w.count("o") for w in t.split()), default=0), "take it of the lengths of words"),
    "a text of the row": (lambda t: len([w for w in t.split() if w == t[:3]]), "a comparison of two texts of a row"),
    "constants in a list": (lambda t: len([1 for w in t.split() if w in STOP]), "its operators"),
    "ways": (lambda t: len([w for w in t.split() if sum([c in w for c in "abcdefgh"]) > 2]), "more than 64 ways"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_ends_a_trace_of_words_is_named(name: str) -> None:
    function, reason = REFUSED[name]
    model = FunctionTransformer(lambda texts: np.array([[function(t)] for t in texts])).fit(CORPUS)
    with pytest.raises(UnsupportedError, match=reason):
        pretzel.compile(model, sample=CORPUS)
