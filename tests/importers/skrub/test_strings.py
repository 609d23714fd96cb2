"""StringEncoder with each of its options, inside a ColumnTransformer; vectorizers before models; what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("skrub")

from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from skrub import GapEncoder, MinHashEncoder, StringEncoder, TableVectorizer

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves
from tests.importers.skrub.examples import GIVEN, TABLE

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n_components": 3},
        {"vectorizer": "hashing"},
        {"ngram_range": (2, 2)},
        {"analyzer": "word", "ngram_range": (1, 1), "n_components": 200},
        {"analyzer": "word", "stop_words": "english", "ngram_range": (1, 2)},
        {"analyzer": "word", "vocabulary": {"and": 0, "word1": 1, "zzz": 2}, "n_components": 2},
    ],
    ids=str,
)
def test_texts_of_one_column(options: dict[str, Any]) -> None:
    encoder = StringEncoder(**{"n_components": 5, "random_state": 0, **options})
    features = make_column_transformer((encoder, "text")).fit(TABLE)
    assert_serves(features, GIVEN, sample=TABLE, batches=[1, 64], amplified=1e3)


def test_a_vectorizer_before_a_model() -> None:
    vectorizer = TableVectorizer(high_cardinality=StringEncoder(n_components=5, random_state=0))
    model = make_pipeline(vectorizer, SimpleImputer(), LogisticRegression()).fit(TABLE, np.arange(len(TABLE)) % 2)
    assert_serves(model, GIVEN, sample=TABLE, batches=[1, 64], amplified=1e3)


def test_columns_that_would_be_converted_are_refused() -> None:
    for name, column, said in (
        ("n", [str(i) for i in range(40)], "column 'n' holds numbers written as texts"),
        ("when", pd.date_range("2024-01-01", periods=40), "column 'when' is converted by ToDatetime"),
    ):
        table = TABLE.iloc[:40][["number"]].assign(**{name: column})
        with pytest.raises(UnsupportedError, match=said):
            export(TableVectorizer().fit(table), sample=table)


@pytest.mark.parametrize("encoder", [GapEncoder(n_components=2), MinHashEncoder()], ids=lambda one: type(one).__name__)
def test_encoders_that_cannot_be_served_are_refused(encoder: Any) -> None:
    features = make_column_transformer((encoder, "text")).fit(TABLE)
    with pytest.raises(
        UnsupportedError, match=f"skrub.*{type(encoder).__name__} cannot be served: .*use StringEncoder"
    ):
        export(features, sample=TABLE)
