"""null of JSON is the missing value that the model knows, whatever rows are sent with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

import pretzel
from pretzel.data_plane.rest.tables import from_rows
from pretzel.errors import UnsupportedError
from tests.data_plane.oip.inferred import Inferred

NAN = float("nan")
TRAINED = {
    "float": pd.Series([1.0, 2.5, NAN, 1.0]),
    "integer": pd.Series([1, 2, 3, 1]),
    "text": pd.Series(["x", "y", NAN, "x"], dtype=object),
    "boolean and NaN": pd.Series([True, False, NAN, True], dtype=object),
    "boolean and None": pd.Series([True, False, None, True], dtype=object),
    "number and None": pd.Series([1, 2, None, 1], dtype=object),
    "text and None": pd.Series(["x", "y", None, "x"], dtype=object),
}
STEPS = {
    "one-hot": OneHotEncoder(handle_unknown="ignore"),
    "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "most frequent": make_pipeline(SimpleImputer(strategy="most_frequent"), FunctionTransformer(np.sqrt)),
    "indicator": MissingIndicator(features="all"),
}

ENCODERS = ("one-hot", "ordinal")
"""Steps that take all columns, and not only those of numbers."""


class Json:
    """Answers to rows of JSON by a fitted transformer."""

    def __init__(self, fitted: Any, table: pd.DataFrame) -> None:
        definition = pretzel.export(fitted, sample=table)
        self._metadata, self._signature = definition.metadata, Inferred(definition).signature
        self._fast = pretzel.compile(fitted, sample=table)

    def transform(self, rows: list[Any]) -> np.ndarray:
        answer = self._fast.transform(from_rows(rows, self._signature, self._metadata))
        return np.asarray(_dense(answer), float)


def _models() -> Iterator[Any]:
    """Yield steps that distinguish None from NaN, each fitted on each column that it takes."""
    for step, transformer in STEPS.items():
        for trained, column in TRAINED.items() if step in ENCODERS else list(TRAINED.items())[:2]:
            with suppress(ValueError, TypeError, UnsupportedError):
                table = pd.DataFrame({"c": column})
                fitted = ColumnTransformer([("step", transformer, ["c"])]).fit(table)
                yield pytest.param(fitted, Json(fitted, table), column, id=f"{step}, {trained}")


MODELS = list(_models())


@pytest.mark.parametrize(("fitted", "served", "column"), MODELS)
def test_null_alone_is_the_missing_value_of_the_training_data(fitted: Any, served: Any, column: pd.Series):
    missing = column[column.isna()].tolist() or [NAN]
    want = fitted.transform(
        pd.DataFrame({"c": pd.Series(missing, dtype=column.dtype if column.isna().any() else float)})
    )
    np.testing.assert_array_equal(served.transform([{"c": None}]), _dense(want))
    np.testing.assert_array_equal(served.transform([[None]]), _dense(want))


@pytest.mark.parametrize(("fitted", "served", "column"), MODELS)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_answers_do_not_depend_on_the_rows_sent_with_them(fitted: Any, served: Any, column: pd.Series, data: Any):
    values = [None, *column.dropna().unique().tolist()]
    rows = [{"c": value} for value in data.draw(st.lists(st.sampled_from(values), min_size=2, max_size=5))]
    alone = np.concatenate([served.transform([row]) for row in rows])
    np.testing.assert_array_equal(served.transform(rows), alone)


def _dense(answer: Any) -> Any:
    return answer.toarray() if hasattr(answer, "toarray") else answer
