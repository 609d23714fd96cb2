"""Inputs are listed in the order of the columns of an array, including unread ones."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

import pretzel
from pretzel.adapters import inputs
from pretzel.errors import InputError
from pretzel.importers import export
from pretzel.plan.definition import Definition
from pretzel.plan.model import ColumnDescription, InputDescription, array_columns, column_order

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(30, 5)), columns=["e", "d", "c", "b", "a"])
Y = FRAME.to_numpy() @ np.arange(5.0)
MODEL = make_pipeline(
    make_column_transformer((MinMaxScaler(), ["a"]), (StandardScaler(), ["e", "c"])), LinearRegression()
).fit(FRAME, Y)


def columns_of(definition: Definition) -> tuple[ColumnDescription, ...]:
    described = [InputDescription(node.column, node.type) for node in definition.inputs]
    return array_columns(described, definition.metadata)


@pytest.mark.parametrize("sample", [None, FRAME])
def test_an_array_built_from_the_description_is_answered_as_the_library_does(sample: Any) -> None:
    definition = export(MODEL, sample=sample)
    assert [node.column for node in definition.inputs] == ["e", "c", "a"] == definition.metadata["input_names"]
    columns = columns_of(definition)
    assert [column.name for column in columns if column.type is None] == ["d", "b"]
    X = np.column_stack([FRAME[column.name] for column in columns])
    np.testing.assert_allclose(pretzel.compile(MODEL).predict(X), MODEL.predict(FRAME), rtol=1e-12)


def test_unread_columns_may_hold_anything() -> None:
    columns = columns_of(export(MODEL))
    X = np.empty((30, len(columns)), object)
    for i, column in enumerate(columns):
        X[:, i] = "anything" if column.type is None else FRAME[column.name]
    np.testing.assert_allclose(pretzel.compile(MODEL).predict(X), MODEL.predict(FRAME), rtol=1e-12)


def test_a_matrix_is_described_column_by_column() -> None:
    definition = export(LinearRegression().fit(FRAME.to_numpy(), Y))
    assert [(column.name, str(column.type)) for column in columns_of(definition)] == [(str(i), "f64") for i in range(5)]


def test_documents_and_records_are_not_columns_of_an_array() -> None:
    assert columns_of(export(DictVectorizer().fit([{"a": 1}]))) == ()


def test_the_two_inputs_of_a_record_column_take_its_place() -> None:
    order = column_order(["x", "bag", "y.z"])
    assert sorted(["y.z", "bag.values", "other", "bag.names", "x"], key=order) == [
        "x", "bag.values", "bag.names", "y.z", "other",
    ]  # fmt: skip


def test_an_explanation_shows_all_columns_in_order() -> None:
    text = pretzel.compile(MODEL).explain()
    assert "an array has 5 columns, in this order: e, d (not read), c, b (not read), a" in text
    assert text.index("e (number)") < text.index("c (number)") < text.index("a (number)")


def test_categories_are_in_their_place() -> None:
    table = FRAME.assign(kind=list("abc") * 10)[["a", "kind", "e"]]
    model = make_column_transformer((StandardScaler(), ["e"]), (OneHotEncoder(), ["kind"])).fit(table)
    assert [(column.name, str(column.type)) for column in columns_of(export(model))] == [
        ("a", "None"), ("kind", "str"), ("e", "f64"),
    ]  # fmt: skip


PERMUTED = FRAME[FRAME.columns[::-1]]


@pytest.mark.parametrize("method", ["apply", "leaf_index"])
def test_leaves_of_gradient_boosting_are_read_by_position_as_in_the_library(method: str) -> None:
    """Its trees do not store names; its other methods, and those of forests, reject such a table."""
    model = GradientBoostingRegressor(n_estimators=2).fit(FRAME, Y)
    predictor, definition = pretzel.compile(model), export(model, outputs=["predict", method])
    assert (model.apply(PERMUTED) != model.apply(FRAME)).any()
    described = [InputDescription(node.column, node.type) for node in definition.inputs]
    client = partial(inputs.columns_of, inputs=described, metadata=definition.metadata, method=method)
    for ask in (getattr(predictor, method), client):
        with pytest.raises(InputError, match="the columns are 'a', 'b', .*reorder them"):
            ask(PERMUTED)
    np.testing.assert_array_equal(getattr(predictor, method)(FRAME), model.apply(FRAME))
    np.testing.assert_array_equal(getattr(predictor, method)(PERMUTED.to_numpy()), model.apply(PERMUTED.to_numpy()))
    np.testing.assert_allclose(predictor.predict(PERMUTED), model.predict(FRAME))


def test_leaves_of_forests_are_read_by_name() -> None:
    model = RandomForestRegressor(n_estimators=2).fit(FRAME, Y)
    with pytest.raises(ValueError, match="feature names should match"):
        model.apply(PERMUTED)
    np.testing.assert_array_equal(pretzel.compile(model).apply(PERMUTED), model.apply(FRAME))
