"""Types of inputs that a sample decides, and those left to the steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.multioutput import MultiOutputClassifier
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import pretzel
from pretzel.importers import export

FRAME = pd.DataFrame({"n": [1.0, 2.0, 4.0], "word": ["a", "b", None]})
BOTH = make_column_transformer((StandardScaler(), ["n"]), (OneHotEncoder(), ["word"])).fit(FRAME)
COUNTS = CountVectorizer().fit(["one two", "three"])


@pytest.mark.parametrize("kind", [object, "str", "category"])
def test_documents_in_a_series(kind: Any) -> None:
    (column,) = export(COUNTS, sample=pd.Series(["one", "two"], dtype=kind)).inputs
    assert str(column.type) == "str"


@pytest.mark.parametrize(
    "sample",
    [
        FRAME[:0],
        FRAME.assign(word=np.nan),
        FRAME.assign(word=pd.Series([None] * 3, dtype=object)),
        FRAME.assign(word=pd.Series([pd.NA] * 3, dtype="string")),
        FRAME.assign(word=pd.Categorical([None] * 3, categories=["a", "b"])),
        pl.DataFrame({"n": [1.0], "word": [None]}),
        pa.table({"n": [1.0], "word": pa.nulls(1)}),
    ],
    ids=["no rows", "NaN", "None", "NA", "category", "polars", "arrow"],
)
def test_a_column_of_missing_texts_has_the_kind_that_its_step_reads(sample: Any) -> None:
    assert {column.column: str(column.type) for column in export(BOTH, sample=sample).inputs} == {
        "n": "f64",
        "word": "str",
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["int64", "Int64", "float64"])
def test_a_table_whose_columns_are_named_by_integers(kind: str) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    table = pd.DataFrame(np.arange(120).reshape(40, 3) * 7 % 31, columns=[2, 0, 1]).astype(kind)
    targets = np.c_[table[2] > 9, table[0] > 12].astype(int)
    model = MultiOutputClassifier(lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, min_child_samples=3))
    model.fit(table, targets)
    fast = pretzel.compile(model, sample=table)
    np.testing.assert_array_equal(fast.predict(table), model.predict(table))
    assert export(model, sample=table).metadata["estimator"].endswith("MultiOutputClassifier")
