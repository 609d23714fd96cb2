"""Functions of vectorizers that cannot be traced are Python stages of their own: dictionary and head stay native."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from pretzel.isolation.stages import PythonStages
from pretzel.plan.ops import PythonStage
from tests.importers.isolated.conftest import served

DICE = np.random.default_rng(1)
TEXTS = [" ".join(DICE.choice(["Good", "bad", "ugly!", "film", "café", "the"], 5)) for _ in range(60)]
UNSEEN = ["Unseen GOOD words", "", "the", "café\0 bad good"]
Y = np.arange(60) % 2


def sorted_words(text: str) -> list[str]:
    return sorted(word.strip("!") for word in text.split() if word)


def letters(text: str) -> Any:
    return (letter for letter in text if letter.isalpha())


def without_doubles(text: str) -> str:
    return "".join(a for a, b in zip(text, text[1:] + " ", strict=False) if a != b)


VECTORIZERS: dict[str, tuple[Any, str]] = {
    "tokenizer": (TfidfVectorizer(tokenizer=sorted_words, token_pattern=None, ngram_range=(1, 2)), "tokenizer"),
    "stop words": (CountVectorizer(tokenizer=sorted_words, token_pattern=None, stop_words=["the"]), "tokenizer"),
    "iterator": (CountVectorizer(tokenizer=letters, token_pattern=None), "tokenizer"),
    "preprocessor": (TfidfVectorizer(preprocessor=without_doubles), "preprocessor"),
    "accents": (TfidfVectorizer(strip_accents=without_doubles), "strip_accents"),
    "analyzer": (CountVectorizer(analyzer=sorted_words), "analyzer"),
    "hashing": (HashingVectorizer(tokenizer=sorted_words, token_pattern=None, n_features=64), "tokenizer"),
}


@pytest.mark.parametrize("name", VECTORIZERS)
def test_only_the_function_is_a_python_stage(name: str, stages: PythonStages) -> None:
    vectorizer, option = VECTORIZERS[name]
    model = make_pipeline(vectorizer, LogisticRegression()).fit(TEXTS, Y)
    answers = served(model, TEXTS + UNSEEN, stages, sample=TEXTS)
    np.testing.assert_allclose(answers["predict_proba"], model.predict_proba(TEXTS + UNSEEN), rtol=1e-9)
    definition = export(model, sample=TEXTS, python="isolated")
    step = f"pipeline.{type(vectorizer).__name__.lower()}.{option}"
    assert {node.path for node in definition.nodes if isinstance(node, PythonStage)} == {step}
    assert "linear" in {node.name for node in definition.nodes}
    (told,) = definition.metadata["python_stages"]
    assert told["step"] == step and told["option"].startswith(f"{option}=tests.importers.isolated.test_documents.")
    assert getattr(vectorizer, option).__module__ == __name__


def test_siblings_share_the_dictionary_and_the_function() -> None:
    vectorizer = VECTORIZERS["tokenizer"][0].fit(TEXTS)
    models = [make_pipeline(vectorizer, LogisticRegression(C=c).fit(vectorizer.transform(TEXTS), Y)) for c in (1, 2)]
    first, second = (export(model, sample=TEXTS, python="isolated") for model in models)
    counts = [{node for node in model.nodes if node.name == "count_ngrams"} for model in (first, second)]
    assert counts[0] == counts[1] != set()


def counting() -> Callable[[str], list[str]]:
    seen: list[str] = []

    def tokens(text: str) -> list[str]:
        seen.append(text)
        return [str(len(seen))]

    return tokens


def test_a_function_with_a_state_is_refused() -> None:
    vectorizer = CountVectorizer(tokenizer=counting(), token_pattern=None)
    model = make_pipeline(vectorizer, LogisticRegression()).fit(TEXTS, Y)
    with pytest.raises(UnsupportedError, match="nor is it a Python stage: for .* it returns something else in another"):
        export(model, sample=TEXTS, python="isolated")


def test_a_function_needs_a_sample() -> None:
    model = make_pipeline(VECTORIZERS["analyzer"][0], LogisticRegression()).fit(TEXTS, Y)
    with pytest.raises(UnsupportedError, match="nor is it a Python stage: .*pass a sample"):
        export(model, python="isolated")
