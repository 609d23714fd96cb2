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
from sklearn.preprocessing import OneHotEncoder, StandardScaler

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
