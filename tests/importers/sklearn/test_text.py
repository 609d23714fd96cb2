"""Vectorizers of text against scikit-learn itself: every option, real sentences and nasty Unicode."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion, make_pipeline

import pretzel
from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from pretzel.importers.sklearn.feature_extraction import text as importer
from pretzel.plan.reference import evaluate
from pretzel.plan.values import Csr
from tests.helpers.texts import GENERAL, PATTERNS, TEXTS, reviews

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

ANALYSIS = [
    {},
    {"analyzer": "char"},
    {"analyzer": "char_wb"},
    {"analyzer": "char", "ngram_range": (2, 5), "lowercase": False},
    {"analyzer": "char_wb", "ngram_range": (2, 4), "max_features": 3000},
    {"analyzer": "char_wb", "ngram_range": (5, 9), "strip_accents": "ascii"},
    {"ngram_range": (1, 3), "max_features": 5000},
    {"ngram_range": (2, 2), "strip_accents": "unicode"},
    {"stop_words": "english"},
    {"stop_words": ["the", "a", "of", "unlikelylongstopword"], "ngram_range": (1, 2)},
    {"binary": True},
    {"lowercase": False, "token_pattern": r"\S+"},
    {"min_df": 3, "max_df": 0.2},
    {"vocabulary": ["movie", "film", "the", "the film"], "ngram_range": (1, 2)},
    {"vocabulary": {"movie": 1, "film": 0}},
    {"tokenizer": str.split, "analyzer": "char", "stop_words": "english"},  # both without effect here
]
WEIGHTS = [
    {},
    {"norm": "l1"},
    {"norm": None},
    {"use_idf": False},
    {"smooth_idf": False},
    {"sublinear_tf": True},
    {"sublinear_tf": True, "norm": None, "binary": True},
]
DTYPES = [np.float32, np.float64, np.int64]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return reviews()[0]


class Served:
    """An exported estimator, evaluated by the references and by the kernels of its optimized plan."""

    def __init__(self, estimator: Any) -> None:
        self.definition = export(estimator)
        compiled = compile_plan(optimize(self.definition))
        self.executable = engine.load(compiled.plan, lambda digest: compiled.blobs[digest])
        (self.column,) = (item.name for item in self.executable.inputs)

    def kernels(self, x: Any) -> Any:
        return self.executable.run({self.column: x})["transform"]

    def references(self, x: Any) -> Any:
        return evaluate(self.definition, {self.column: x})["transform"]


def assert_same(got: Csr, want: Any) -> None:
    """Fail unless the rows store the same columns with the same numbers, within what the project promises."""
    assert (len(got), got.width) == want.shape
    np.testing.assert_array_equal(got.starts, want.indptr)
    np.testing.assert_array_equal(got.indices, want.indices)
    assert got.data.dtype == want.data.dtype
    np.testing.assert_allclose(got.data, want.data, rtol=1e-6)


def check(estimator: Any, texts: list[str], batches: tuple[int, ...] = (1, 7, 1000)) -> None:
    served = Served(estimator)
    for size in batches:
        want = estimator.transform(texts[:size])
        assert_same(served.kernels(texts[:size]), want)
        if size < 100:
            assert_same(served.references(texts[:size]), want)


@pytest.mark.parametrize(("options", "dtype"), list(zip(ANALYSIS, itertools.cycle(DTYPES), strict=False)), ids=str)
def test_counts(texts: list[str], options: dict[str, Any], dtype: Any) -> None:
    check(CountVectorizer(**options, dtype=dtype).fit(texts[:1000]), texts[800:1800], (0, 1, 7, 1000))


@pytest.mark.parametrize("options", WEIGHTS, ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_weights(texts: list[str], options: dict[str, Any], dtype: Any) -> None:
    check(TfidfVectorizer(**options, dtype=dtype).fit(texts[:1000]), texts[800:1800])
    transformer = {name: value for name, value in options.items() if name != "binary"}
    chain = make_pipeline(CountVectorizer(analyzer="char_wb", dtype=dtype), TfidfTransformer(**transformer))
    check(chain.fit(texts[:300]), texts[250:350], (1, 99))


def test_weights_changed_after_fitting_are_used(texts: list[str]) -> None:
    vectorizer = TfidfVectorizer(max_features=50).fit(texts[:200])
    vectorizer.set_params(norm=None)  # without effect: the inner transformer keeps its norm
    vectorizer.idf_ = np.linspace(1, 2, 50)
    check(vectorizer, texts[:50])


def test_unions_share_the_lower_case(texts: list[str]) -> None:
    parts = [("c", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3))), ("w", TfidfVectorizer())]
    union = FeatureUnion(parts).fit(texts[:300])
    check(union, texts[200:400])
    names = [node.name for node in export(union).nodes]
    assert names.count("lowercase") == 1


@st.composite
def vectorizers(draw: st.DrawFn) -> dict[str, Any]:
    low = draw(st.integers(1, 4))
    return {
        "analyzer": draw(st.sampled_from(["word", "char", "char_wb"])),
        "ngram_range": (low, draw(st.integers(low, low + 3))),
        "lowercase": draw(st.booleans()),
        "strip_accents": draw(st.sampled_from([None, "ascii", "unicode"])),
        "token_pattern": draw(st.sampled_from([*PATTERNS, *GENERAL])),
        "stop_words": draw(st.none() | st.lists(TEXTS, max_size=4)),
        "binary": draw(st.booleans()),
        "dtype": draw(st.sampled_from(DTYPES)),
    }


@settings(deadline=None)
@given(options=vectorizers(), seen=st.lists(TEXTS, min_size=1, max_size=6), new=st.lists(TEXTS, max_size=4))
def test_nasty_texts(options: dict[str, Any], seen: list[str], new: list[str]) -> None:
    estimator = CountVectorizer(**options)
    try:
        estimator.fit(seen)
    except ValueError as error:
        assert "empty vocabulary" in str(error)
        return
    check(estimator, [*new, *seen], batches=(10,))


def sorted_words(text: str) -> list[str]:
    return sorted(word for word in text.split() if len(word) > 2)


def backwards(text: str) -> str:
    return text[::-1]


COUNTER = itertools.count()


def counting(text: str) -> str:
    return f"{text} {next(COUNTER)}"


def cleaned(text: str) -> str:
    text = re.sub(r"\d+", "#", text.lower())
    return text.replace("|", " ").strip() if "|" in text else text


PATTERN = re.compile(r"[a-z]+|\d+")


@pytest.mark.parametrize(
    "options",
    [
        {"tokenizer": lambda text: text.split("|"), "token_pattern": None},
        {"tokenizer": lambda text: text.split("|"), "token_pattern": None, "ngram_range": (1, 3), "lowercase": False},
        {"tokenizer": lambda text: text.split("|"), "token_pattern": None, "stop_words": ["", "drama 12"]},
        {"tokenizer": str.split, "token_pattern": None, "stop_words": ["the"]},
        {"tokenizer": PATTERN.findall, "token_pattern": None, "ngram_range": (1, 2)},
        {"preprocessor": cleaned, "ngram_range": (1, 2)},
        {"preprocessor": cleaned, "analyzer": "char", "ngram_range": (2, 3)},
        {"analyzer": lambda text: text.lower().split()},
        {"strip_accents": str.casefold, "lowercase": False},
        {"preprocessor": str.strip, "tokenizer": lambda text: re.findall(r"\w+", text), "token_pattern": None},
    ],
)
@pytest.mark.parametrize("kind", [TfidfVectorizer, HashingVectorizer])
def test_functions_of_users(kind: Any, options: dict[str, Any]) -> None:
    texts = [
        "Action|Sci-Fi|New York",
        "Drama 12|Comedy!||",
        "||",
        " the Cat, 3 dogs and 2 CATS",
        "Über cool, naïve! 99%",
    ]
    check(kind(**options).fit(texts), [*texts, "", "ΟΔΟΣ|ß 7", "|||x"], batches=(1, 8))


def test_functions_of_users_reject_what_they_raise_errors_for() -> None:
    texts = ["a-bb cc", "d-ee"]
    predictor = pretzel.compile(TfidfVectorizer(preprocessor=lambda text: text.split("-")[1]).fit(texts))
    assert predictor.transform(texts).shape == (2, 3)
    with pytest.raises(InputError, match=r"row 1: the function raises an error for it \(IndexError"):
        predictor.transform(["a-bb cc", "none"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"tokenizer": sorted_words, "token_pattern": None},
            "countvectorizer: sklearn.feature_extraction.text.CountVectorizer(tokenizer=",
        ),
        ({"preprocessor": backwards}, "test_text.py:"),
        ({"preprocessor": backwards}, "`return text[::-1]`, a slice with a step is not traced"),
        ({"preprocessor": counting}, "two runs of it differ"),
        ({"preprocessor": str.swapcase}, "the method swapcase of a text is not traced"),
        ({"analyzer": sorted_words}, "CountVectorizer(analyzer="),
        ({"strip_accents": backwards}, "CountVectorizer(strip_accents="),
        ({"token_pattern": r"(?=a)\w+|\w+"}, "assert is not supported by the automaton"),
        ({"token_pattern": r"a.*f|\w"}, "text at any distance after a token can decide"),
        ({"token_pattern": r"\w*"}, "it matches the empty text"),
        ({"dtype": np.int32}, "use int64, float32 or float64"),
        ({"input": "file"}, "servers do not read files"),
        ({"vocabulary": {"a": 0, 5: 1}}, "CountVectorizer(vocabulary="),
        ({"ngram_range": (0, 1), "vocabulary": ["a"]}, "the range is empty"),
    ],
)
def test_what_cannot_be_served_is_refused_by_option(options: dict[str, Any], says: str) -> None:
    estimator = CountVectorizer(**options)
    if "vocabulary" not in options and options.get("input") != "file":
        estimator.fit(["a bc def", "def"])
    elif options.get("input") == "file":
        estimator.vocabulary_ = {"a": 0}
    with pytest.raises(UnsupportedError) as caught:
        export(estimator)
    assert says in str(caught.value) and "cannot be served" in str(caught.value)


@pytest.mark.parametrize("estimator", [CountVectorizer(), TfidfVectorizer(), TfidfVectorizer(vocabulary=["a"])])
def test_one_that_is_not_fitted_is_refused(estimator: Any) -> None:
    with pytest.raises(UnsupportedError, match="not fitted"):
        export(estimator)


def test_missing_texts_are_refused_as_the_library_refuses_them(texts: list[str]) -> None:
    estimator = TfidfVectorizer().fit(texts[:20])
    with pytest.raises(ValueError, match="np.nan is an invalid document"):
        estimator.transform([np.nan])
    served = Served(estimator)
    for missing in (np.nan, None):
        with pytest.raises(InputError, match="row 1: .* is an invalid document"):
            served.kernels(["a", missing])


def test_siblings_export_the_same_vocabulary_without_packing_it_again(
    texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = CountVectorizer(analyzer="char_wb", ngram_range=(2, 4)).fit(texts[:2000])
    whole = export(first)
    sibling = CountVectorizer(analyzer="char_wb", ngram_range=(2, 4), vocabulary=first.vocabulary_)
    with monkeypatch.context() as patch:
        patch.setattr(importer, "_in_order", lambda vocabulary: pytest.fail("packed again"))
        assert set(export(sibling).parameters) == set(whole.parameters)
        sibling.vocabulary_ = dict(first.vocabulary_)
        assert set(export(sibling).parameters) == set(whole.parameters)
    sibling.vocabulary_ = dict(first.vocabulary_) | {" th": first.vocabulary_["the"], "the": first.vocabulary_[" th"]}
    assert set(export(sibling).parameters) != set(whole.parameters)
