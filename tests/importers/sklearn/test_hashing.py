"""Hashed text against scikit-learn itself: every option over nasty Unicode, and strings of 100 kB."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.helpers.texts import GENERAL, ODD, PATTERNS, TEXTS, WORDS
from tests.importers.sklearn.test_text import check

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

LONG = "".join(ODD + WORDS * 3)


@st.composite
def analyses(draw: st.DrawFn) -> dict[str, Any]:
    low = draw(st.integers(1, 4))
    return {
        "analyzer": draw(st.sampled_from(["word", "char", "char_wb"])),
        "ngram_range": (low, draw(st.integers(low, low + 3))),
        "lowercase": draw(st.booleans()),
        "strip_accents": draw(st.sampled_from([None, "ascii", "unicode"])),
        "token_pattern": draw(st.sampled_from([*PATTERNS, *GENERAL])),
        "stop_words": draw(st.none() | st.just("english") | st.lists(TEXTS, max_size=4)),
        "binary": draw(st.booleans()),
        "norm": draw(st.sampled_from([None, "l1", "l2"])),
    }


@settings(deadline=None)
@given(
    options=analyses(),
    dtype=st.sampled_from([np.int64, np.float32, np.float64]),
    width=st.sampled_from([1, 2, 31, 2**20, 2**31 - 1]),
    signed=st.booleans(),
    texts=st.lists(TEXTS, min_size=1, max_size=6),
)
def test_hashed_nasty_texts(options: Any, dtype: Any, width: int, signed: bool, texts: list[str]) -> None:
    check(HashingVectorizer(n_features=width, alternate_sign=signed, dtype=dtype, **options), texts, batches=(10,))


@settings(deadline=None, max_examples=50)
@given(
    options=analyses(),
    dtype=st.sampled_from([np.float32, np.float64]),
    weights=st.fixed_dictionaries({name: st.booleans() for name in ("use_idf", "smooth_idf", "sublinear_tf")}),
    seen=st.lists(TEXTS, min_size=1, max_size=6),
    new=st.lists(TEXTS, max_size=4),
)
def test_weighted_nasty_texts(options: Any, dtype: Any, weights: Any, seen: list[str], new: list[str]) -> None:
    estimator = TfidfVectorizer(dtype=dtype, **weights, **options)
    try:
        estimator.fit(seen)
    except ValueError as error:
        assert "empty vocabulary" in str(error)
        return
    check(estimator, [*new, *seen], batches=(10,))


@pytest.mark.parametrize("text", ["a" * 100_000, "é b" * 33_333, LONG * (100_000 // len(LONG)), "x y  " * 20_000])
@pytest.mark.parametrize("analyzer", ["word", "char", "char_wb"])
def test_texts_of_100_kilobytes(analyzer: str, text: str) -> None:
    options: dict[str, Any] = {"analyzer": analyzer, "ngram_range": (1, 3), "strip_accents": "unicode"}
    for estimator in (HashingVectorizer(**options), TfidfVectorizer(**options).fit([text, "other a words"])):
        got, want = pretzel.compile(estimator).transform([text, ""]), estimator.transform([text, ""])
        np.testing.assert_array_equal(got.indices, want.indices)
        np.testing.assert_allclose(got.data, want.data, rtol=1e-9)


def test_a_pipeline_without_a_vocabulary() -> None:
    texts = ["good film", "bad film", "a good one", "the bad one"]
    model = make_pipeline(HashingVectorizer(n_features=256), SGDClassifier(random_state=0)).fit(texts, [1, 0, 1, 0])
    predictor = pretzel.compile(model)
    np.testing.assert_allclose(predictor.decision_function(texts), model.decision_function(texts), rtol=1e-9)


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_missing_document_is_refused(missing: Any) -> None:
    with pytest.raises(InputError, match="row 1: (None|np.nan) is an invalid document"):
        pretzel.compile(HashingVectorizer()).transform(["a", missing])


def test_counts_of_a_type_that_rows_do_not_hold_are_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"HashingVectorizer\(dtype="):
        export(HashingVectorizer(dtype=np.int16))
