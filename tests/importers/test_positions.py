"""Unnamed columns of several kinds: arrays of objects, lists of rows, and tables read by position."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import pretzel
from pretzel.errors import InputError
from pretzel.importers import export
from pretzel.plan.model import InputDescription, array_columns
from tests.importers.sklearn.frames import assert_serves

pytestmark = pytest.mark.filterwarnings("ignore:X has feature names")

RNG = np.random.default_rng(0)
ROWS = 40
FRAME = pd.DataFrame(
    {
        "kind": RNG.choice(list("abc"), ROWS),
        "x": RNG.normal(size=ROWS),
        "note": RNG.choice(["not", "read", None], ROWS),
        "text": RNG.choice(["good film", "bad film", "plot"], ROWS),
        "n": RNG.integers(0, 9, ROWS),
    }
)
YES = (FRAME["x"] > 0).to_numpy().astype(int)
ARRAY = FRAME.to_numpy()
UNNAMED = FRAME.set_axis(range(5), axis="columns")


def pipeline(X: Any) -> Any:
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), [0]), (StandardScaler(), [4, 1]), (CountVectorizer(), 3)
    )
    return make_pipeline(columns, LogisticRegression()).fit(X, YES)


FORMS: dict[str, Any] = {
    "objects": ARRAY,
    "lists": ARRAY.tolist(),
    "numbered": UNNAMED,
    "numbered otherwise": FRAME.set_axis([3, 1, 4, 0, 2], axis="columns"),
    "named": FRAME,
    "polars": pl.from_pandas(FRAME),
}


@pytest.mark.parametrize("fitted", ["objects", "numbered"])
@pytest.mark.parametrize("form", FORMS)
def test_any_form_in_process(fitted: str, form: str) -> None:
    """The library does not accept polars tables here: its answers are those to the same pandas columns."""
    model, X = pipeline(FORMS[fitted]), FORMS[form]
    want = model.predict_proba(FRAME.to_numpy() if form == "polars" else X)
    np.testing.assert_allclose(pretzel.compile(model).predict_proba(X), want, rtol=1e-12)


@pytest.mark.parametrize("sample", [None, "objects", "lists", "numbered"])
def test_inputs_are_named_by_position(sample: str | None) -> None:
    definition = export(pipeline(ARRAY), sample=None if sample is None else FORMS[sample])
    kinds = {node.column: str(node.type) for node in definition.inputs}
    assert kinds == {"0": "str", "1": "f64", "3": "str", "4": "f64"}
    assert definition.metadata["input_style"] == "positions"
    described = [InputDescription(node.column, node.type) for node in definition.inputs]
    columns = array_columns(described, definition.metadata)
    assert [(column.name, str(column.type)) for column in columns] == [
        ("0", "str"), ("1", "f64"), ("2", "None"), ("3", "str"), ("4", "f64"),
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["objects", "numbered"])
def test_kernels_and_references_by_position(form: str) -> None:
    assert_serves(pipeline(FORMS[form]), FORMS[form], sample=FORMS[form], batches=(1, 40))


def test_numbers_next_to_texts_where_one_kind_is_read() -> None:
    model = make_pipeline(make_column_transformer((OneHotEncoder(), [0])), LogisticRegression()).fit(ARRAY, YES)
    for sample in (None, ARRAY):
        assert_serves(model, ARRAY, sample=sample, batches=(1, 40))


def test_categories_that_are_numbers_among_texts() -> None:
    X = ARRAY[:, [0, 4]]
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()).fit(X, YES)
    np.testing.assert_allclose(pretzel.compile(model).predict_proba(X), model.predict_proba(X), rtol=1e-12)


def test_missing_values_of_both_kinds() -> None:
    X = ARRAY.copy()
    X[3, 1], X[4, 4], X[5, 0] = np.nan, None, None
    columns = make_column_transformer((SimpleImputer(), [1, 4]), (OneHotEncoder(), [0]))
    model = make_pipeline(columns, HistGradientBoostingClassifier(max_iter=3)).fit(X, YES)
    np.testing.assert_allclose(pretzel.compile(model).predict_proba(X), model.predict_proba(X), rtol=1e-12)


def test_columns_of_float32_keep_their_type() -> None:
    X = UNNAMED.astype({1: np.float32})
    scaler = make_column_transformer((StandardScaler(), [1]), (OneHotEncoder(sparse_output=False), [0]))
    want = scaler.fit(X).transform(X)
    np.testing.assert_array_equal(pretzel.compile(scaler).transform(X), want)


@pytest.mark.parametrize(
    ("X", "problem"),
    [
        (ARRAY[:, :4], r"expected 5 columns .*, got an array of shape \(40, 4\)"),
        (FRAME.iloc[:, :4], "expected 5 columns, got a table of 4"),
        (ARRAY[0], r"got an array of shape \(5,\)"),
        (ARRAY[:, [1, 0, 2, 3, 4]], "column '0'"),
    ],
)
def test_values_of_the_wrong_kind_are_refused_by_name(X: Any, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        pretzel.compile(pipeline(ARRAY)).predict(X)
