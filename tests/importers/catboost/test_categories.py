"""Models with categories: one-hot values, statistics of every kind, combinations, and conversion to text."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from catboost import CatBoostClassifier, CatBoostRegressor
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from pretzel.importers.catboost.cbm import read_cbm
from pretzel.plan.definition import Definition
from tests.importers.catboost.compare import assert_answers
from tests.importers.catboost.models import CATEGORIES, QUIET, ROWS, WORDS, combined_target, mixed, table

STATISTICS = ["Borders", "Buckets", "Counter", "BinarizedTargetMeanValue"]
UNSEEN = {
    "number": [np.nan, np.inf, -0.0, 1e300, 0.5],
    "word": ["zz", "", "äpfel", "a\x00", "x" * 70],
    "whole": [99, -3, -(2**40), 2**62, 0],
    "pair": ["yes", "maybe", "", "no", "YES"],
    "other": [0.0, -1.0, np.nan, 2.0, -np.inf],
}


def unseen() -> pd.DataFrame:
    """Rows with unseen values and with some seen ones."""
    return pd.DataFrame(UNSEEN)


@pytest.mark.parametrize("most", [1, 2, 8, 20])
@pytest.mark.parametrize("policy", ["SymmetricTree", "Depthwise", "Lossguide"])
def test_one_hot_values_and_statistics(most: int, policy: str) -> None:
    model = mixed("classifier", one_hot_max_size=most, grow_policy=policy)
    assert bool(read_cbm(model._serialize_model()).one_hots) == (most > 1)
    assert_answers(model, table())
    assert_answers(model, unseen())


@pytest.mark.parametrize("kind", STATISTICS)
@pytest.mark.parametrize("classes", [0, 2, 3])
def test_statistics_of_every_kind(kind: str, classes: int) -> None:
    prior = kind + (":Prior=0/1:Prior=0.3/1" if kind != "Counter" else ":CtrBorderCount=7:Prior=0.7/1")
    options = {"simple_ctr": prior, "combinations_ctr": prior, "one_hot_max_size": 2}
    model = mixed("classifier", classes=classes, **options) if classes else mixed(**options)
    parsed = read_cbm(model._serialize_model())
    assert {ctr.table[1] for ctr in parsed.ctrs} == {kind} or (kind, classes) == ("Counter", 3)  # needs none
    assert_answers(model, table())
    assert_answers(model, unseen())


@pytest.mark.parametrize("mode", ["Min", "Max"])
@pytest.mark.parametrize("complexity", [1, 2, 4])
def test_combinations_of_categories_and_splits(complexity: int, mode: str) -> None:
    options = {"max_ctr_complexity": complexity, "one_hot_max_size": 3, "nan_mode": mode, "depth": 6}
    model = mixed(iterations=30, **options)
    assert_answers(model, table())
    assert_answers(model, unseen())


def test_the_models_of_these_tests_combine_all_kinds() -> None:
    model = mixed(iterations=30, max_ctr_complexity=4, one_hot_max_size=3, nan_mode="Min", depth=6)
    combined = [ctr.table[0] for ctr in read_cbm(model._serialize_model()).ctrs]
    assert max(len(one.categories) for one in combined) == 2
    assert any(one.floats for one in combined)
    assert any(one.one_hots for one in combined)


@pytest.mark.parametrize("borders", [["Borders:TargetBorderCount=3"], ["Buckets:TargetBorderCount=4"]])
def test_targets_cut_at_several_borders(borders: list[str]) -> None:
    more = ["Borders:TargetBorderCount=1", *borders]
    for used in (borders, more):
        options = {**QUIET, "simple_ctr": used, "combinations_ctr": used}
        model = CatBoostRegressor(**options, cat_features=CATEGORIES).fit(table(), combined_target())
        assert_answers(model, table(), batches=[ROWS])


def test_statistics_configured_per_feature() -> None:
    options = {**QUIET, "per_feature_ctr": ["1:Counter:CtrBorderCount=3:Prior=0/1", "2:Buckets:Prior=0.5/1"]}
    assert_answers(CatBoostRegressor(**options, cat_features=CATEGORIES).fit(table(), combined_target()), table())


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(data=st.data(), most=st.sampled_from([2, 20]))
def test_categories_are_hashed_as_by_catboost(data: st.DataObject, most: int) -> None:
    model = mixed(iterations=20, one_hot_max_size=most, depth=6)
    definition = exported(most)
    texts = st.text(max_size=90).filter(lambda text: "\ud800" > text or text.isprintable())
    words = st.sampled_from(WORDS) | texts
    row = st.fixed_dictionaries(
        {
            "number": st.floats(),
            "word": words,
            "whole": st.integers(-4, 10) | st.integers(-(2**63), 2**63 - 1),
            "pair": st.sampled_from(["yes", "no"]) | words,
            "other": st.floats(),
        }
    )
    rows = pd.DataFrame(data.draw(st.lists(row, min_size=1, max_size=6)), columns=table().columns)
    assert_answers(model, rows, batches=[len(rows)], definition=definition)


@cache
def exported(most: int) -> Definition:
    return export(mixed(iterations=20, one_hot_max_size=most, depth=6))


FORMS: dict[str, Any] = {
    "integers": lambda x: x,
    "digits": lambda x: x.astype({"whole": str}),
    "objects": lambda x: x.astype(object),
    "pandas categories": lambda x: x.astype({"whole": "category", "word": "category"}),
    "small integers": lambda x: x.astype({"whole": np.int8}),
    "nullable integers": lambda x: x.astype({"whole": "Int64"}),
    "columns in another order": lambda x: x[["other", "pair", "whole", "word", "number"]],
}


@pytest.mark.parametrize("form", FORMS)
def test_a_category_has_several_forms(form: str) -> None:
    model = mixed()
    want = model.predict(table())
    served = pretzel.compile(model)
    np.testing.assert_array_equal(served.predict(FORMS[form](table())), want)


def test_integer_categories_in_a_sample_stay_categories() -> None:
    definition = assert_answers(mixed(), table(), sample=table())
    assert {node.column: node.kind for node in definition.inputs}["whole"] == "str"


def test_tables_of_other_libraries() -> None:
    model = mixed()
    served, x = pretzel.compile(model), pl.from_pandas(table())
    np.testing.assert_array_equal(served.predict(x), model.predict(table()))
    np.testing.assert_array_equal(served.predict(x.to_arrow()), model.predict(table()))


def test_booleans_are_categories_of_equal_integers() -> None:
    x = pd.DataFrame({"flag": np.arange(60) % 3})
    model = CatBoostRegressor(**QUIET, cat_features=["flag"], one_hot_max_size=5).fit(x, x.flag == 1)
    rows = pd.DataFrame({"flag": pd.Series([True, False, 1, "1", "True", 2], dtype=object)})
    np.testing.assert_array_equal(pretzel.compile(model).predict(rows), model.predict(rows))
    rows = pd.DataFrame({"flag": [True, False]})
    np.testing.assert_array_equal(pretzel.compile(model).predict(rows), model.predict(rows))


def test_columns_by_position() -> None:
    x = np.array([[word, i * 0.5, i % 4] for i, word in enumerate(WORDS * 6)], object)
    model = CatBoostRegressor(**QUIET, cat_features=[0, 2], one_hot_max_size=2).fit(x, np.arange(len(x)) % 5)
    served = pretzel.compile(model)
    np.testing.assert_array_equal(served.predict(x), model.predict(x))
    np.testing.assert_array_equal(served.predict(x.tolist()), model.predict(x))


@pytest.mark.parametrize("missing", [None, np.nan])
def test_missing_categories_are_rejected_as_by_catboost(missing: Any) -> None:
    rows = table().iloc[:3].astype(object)
    rows.iloc[1, 1] = missing
    with pytest.raises(Exception, match="cat_features must be integer or string|must be real number"):
        mixed().predict(rows)
    expected = r"row 1: (None|nan) in column word is not a category; cat_features must be integer or string"
    with pytest.raises(InputError, match=expected):
        pretzel.compile(mixed()).predict(rows)


@pytest.mark.parametrize("fraction", [0.5, 1.0])
def test_floats_are_not_categories(fraction: float) -> None:
    rows = table().iloc[:3].astype(object)
    rows.iloc[1, 2] = fraction
    with pytest.raises(Exception, match="cat_features must be integer or string"):
        mixed().predict(rows)
    with pytest.raises(InputError, match=r"column 'whole': row 1: expected text, got float"):
        pretzel.compile(mixed()).predict(rows)


def test_integers_of_an_earlier_step_are_categories() -> None:
    x = table()[["word", "pair"]]
    boosted = CatBoostClassifier(**QUIET, cat_features=[0, 1], one_hot_max_size=2)
    piped = make_pipeline(OrdinalEncoder(dtype=np.int64), boosted).fit(x, combined_target() > 0.5)
    np.testing.assert_allclose(pretzel.compile(piped).predict_proba(x), piped.predict_proba(x), rtol=1e-9)


def test_text_features_are_refused() -> None:
    x = table().assign(text=["some words here", "others"] * (ROWS // 2))
    options = {**QUIET, "cat_features": CATEGORIES, "text_features": ["text"]}
    model = CatBoostClassifier(**options).fit(x, combined_target() > 0.5)
    expected = r"CatBoostClassifier\(text_features=.*cannot be served: features made of texts and embeddings"
    with pytest.raises(UnsupportedError, match=expected):
        export(model)


def test_embedding_features_are_refused() -> None:
    dice = np.random.default_rng(0)
    x = pd.DataFrame({"number": dice.normal(size=ROWS), "embedding": list(dice.normal(size=(ROWS, 4)))})
    y = np.array([row[0] for row in x.embedding]) > 0
    model = CatBoostClassifier(**QUIET, embedding_features=["embedding"]).fit(x, y)
    with pytest.raises(UnsupportedError, match=r"CatBoostClassifier\(embedding_features="):
        export(model)
