"""Values that encoders reject, columns of several types, and encoders inside pipelines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("category_encoders")

import category_encoders as ce
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from pretzel.importers.registry import IMPORTERS, load_family
from tests.importers.category_encoders.examples import COLUMNS, HOLES, TABLE, TARGET, UNSEEN
from tests.importers.sklearn.frames import assert_serves, cut, run

load_family(ce.OneHotEncoder)
KINDS = [kind for kind in IMPORTERS if kind.__module__.startswith("category_encoders.")]
TEXTS = TABLE[["color", "size"]]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_category_never_seen_is_rejected(kind: type) -> None:
    encoder = kind(cols=[*COLUMNS], handle_unknown="error").fit(TABLE, TARGET)
    unseen = TABLE.iloc[:1].assign(color="mauve")
    with pytest.raises((ValueError, TypeError)):
        encoder.transform(unseen)
    definition = assert_serves(encoder, TABLE, sample=TABLE, batches=[60])
    with pytest.raises(InputError, match="row 0"):
        run(definition, cut(definition, unseen))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_missing_value_is_rejected(kind: type) -> None:
    encoder = kind(cols=[*COLUMNS], handle_missing="error").fit(TABLE, TARGET)
    definition = assert_serves(encoder, UNSEEN.iloc[:1], sample=TABLE, batches=[1])
    with pytest.raises(ValueError, match="null"):
        encoder.transform(UNSEEN)
    with pytest.raises(InputError, match="row 1"):
        run(definition, cut(definition, UNSEEN))


def test_a_missing_value_is_known_to_the_columns_that_were_fitted_on_one() -> None:
    table = TEXTS.assign(size=TEXTS["size"].where(np.arange(len(TEXTS)) != 3))
    encoder = ce.CountEncoder(cols=["color", "size"], handle_unknown="error").fit(table)
    definition = assert_serves(encoder, table, sample=table, batches=[1, len(table)])
    with pytest.raises(InputError, match="row 0"):
        run(definition, cut(definition, table.iloc[:1].assign(color=None)))


@pytest.mark.parametrize("kind", [ce.OneHotEncoder, ce.JamesSteinEncoder, ce.SummaryEncoder])
def test_an_encoder_before_a_model(kind: type) -> None:
    model = make_pipeline(kind(cols=[*COLUMNS]), StandardScaler(), LogisticRegression()).fit(HOLES, TARGET)
    rows = pd.concat([HOLES, UNSEEN], ignore_index=True)
    assert_serves(model, rows, sample=HOLES, batches=[62])


def test_an_encoder_of_some_columns_inside_a_column_transformer() -> None:
    features = make_column_transformer(
        (ce.TargetEncoder(), ["color", "size"]), (ce.OneHotEncoder(cols=["grade"]), ["grade"]), remainder="passthrough"
    )
    model = make_pipeline(features, LogisticRegression())
    assert_serves(model.fit(TABLE.drop(columns="same"), TARGET), TABLE.drop(columns="same"), batches=[1, 60])


def test_two_encoders_in_sequence_each_take_their_columns() -> None:
    model = make_pipeline(ce.OneHotEncoder(cols=["color"]), ce.CountEncoder(cols=["size", "same"]))
    assert_serves(model.fit(HOLES, TARGET), HOLES, sample=HOLES, batches=[1, 60])


@pytest.mark.parametrize("dtype", ["category", object, "str"])
def test_columns_of_any_type_of_texts(dtype: Any) -> None:
    table = HOLES[["color", "size"]].astype(dtype)
    for kind in (ce.OrdinalEncoder, ce.WOEEncoder, ce.CountEncoder):
        assert_serves(kind().fit(table, TARGET), table, sample=table, batches=[1, 60])


def test_an_array_in_place_of_a_table() -> None:
    array = TEXTS.to_numpy(dtype=object)
    for kind in (ce.OrdinalEncoder, ce.LeaveOneOutEncoder):
        assert_serves(kind().fit(array, TARGET), array, sample=array, batches=[1, 60])
    numbers = np.round(np.random.default_rng(0).normal(size=(60, 2)))
    assert_serves(ce.HelmertEncoder(cols=[0]).fit(numbers), numbers, sample=numbers, batches=[1, 60])


def test_texts_that_are_passed_are_refused() -> None:
    encoder = ce.OrdinalEncoder(cols=["color"]).fit(TABLE)
    with pytest.raises(UnsupportedError, match=r"cols=\['color'\].*it returns both texts and numbers"):
        export(encoder, sample=TABLE)


def test_columns_of_a_table_in_another_order_are_refused() -> None:
    definition = export(ce.OrdinalEncoder().fit(TEXTS), sample=TEXTS)
    with pytest.raises(InputError, match="order"):
        cut(definition, TEXTS[["size", "color"]])


def test_values_of_several_kinds_are_refused() -> None:
    table = pd.DataFrame({"x": pd.Series(["a", 1, 2.5, "b"], dtype=object)})
    with pytest.raises(UnsupportedError, match="column 'x' holds values of several kinds"):
        export(ce.OrdinalEncoder().fit(table), sample=table)


@pytest.mark.parametrize(
    "encoder", [ce.HashingEncoder(cols=["color"], max_process=1), ce.MultiHotEncoder(cols=["color"])]
)
def test_encoders_of_unlimited_values_are_refused(encoder: Any) -> None:
    with pytest.raises(UnsupportedError, match=f"{type(encoder).__name__.lower()}: category_encoders.*; use "):
        export(encoder.fit(TABLE[["color"]]), sample=TABLE[["color"]])


@pytest.mark.parametrize("columns", [["color"], ["grade"], ["color", "grade", "same"]], ids=str)
def test_a_mapping_of_other_columns_than_those_named(columns: list[str]) -> None:
    mapping = {"color": {"red": 3, "blue": 9}, "grade": {1.0: 7, 5.0: -8}, "same": {"alike": 2}}
    table = HOLES[["color", "weight", "grade"] + ["same"] * ("same" in columns)].dropna()
    listed = [{"col": name, "mapping": mapping[name]} for name in columns]
    encoder = ce.OrdinalEncoder(cols=["color"], mapping=listed).fit(table)
    model = make_pipeline(encoder, ce.CountEncoder(cols=["color"]))
    assert_serves(model.fit(table), table, sample=table, batches=[len(table)])
