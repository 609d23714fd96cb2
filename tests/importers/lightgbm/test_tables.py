"""DataFrames: names, pandas categories, and the information that the model records about them."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.lightgbm.examples import CLASSES, FEW, X, Y
from tests.importers.sklearn.frames import assert_serves

OPTIONS = {**FEW, "min_data_per_group": 2, "cat_smooth": 0.1}


def table(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(X[:, :3], columns=["a b", "ü", "c"]).assign(**columns)


def kinds(values: Any, **options: Any) -> pd.Categorical:
    return pd.Categorical(np.array(values, object)[X[:, 3].astype(int)], **options)


TEXTS = ["x", "y", None, "ö", "", "z z"]
CATEGORIES = {"texts": TEXTS, "integers": [5, -3, None, 2**53, 0, 7], "floats": [0.5, -0.0, np.nan, 1e300, 2.0, 7.0]}


@pytest.mark.parametrize("values", CATEGORIES.values(), ids=CATEGORIES)
def test_categories(values: list[Any]) -> None:
    x = table(kind=kinds(values), more=kinds(TEXTS))
    estimator = lightgbm.LGBMClassifier(**OPTIONS).fit(x, CLASSES)
    assert_serves(estimator, x, sample=x, exact=True)


def test_unseen_categories_are_missing() -> None:
    x = table(kind=kinds(TEXTS))
    estimator = lightgbm.LGBMRegressor(**OPTIONS).fit(x, Y)
    unseen = table(kind=kinds(["x", "new", "y", None, "newer", "ö"]))
    assert_serves(estimator, unseen, sample=x, exact=True)


def test_a_booster_and_its_file(tmp_path: Any) -> None:
    x = table(kind=kinds(TEXTS)).rename(columns={"a b": "a_b"})
    booster = lightgbm.LGBMRegressor(**OPTIONS).fit(x, Y).booster_
    booster.save_model(tmp_path / "model.txt")
    assert_serves(booster, x, sample=x, exact=True)
    predictor = pretzel.compile(tmp_path / "model.txt")
    assert predictor.feature_names_in_.tolist() == ["a_b", "ü", "c", "kind"]
    np.testing.assert_array_equal(predictor.predict(x), booster.predict(x))


def test_names_are_spelled_as_in_the_sample() -> None:
    x = table()
    estimator = lightgbm.LGBMRegressor(**FEW).fit(x, Y)
    assert [node.column for node in export(estimator, sample=x).inputs] == ["a b", "ü", "c"]
    assert [node.column for node in export(estimator).inputs] == ["a_b", "ü", "c"]


@pytest.mark.parametrize("of", [lambda estimator: estimator, lambda estimator: estimator.booster_])
def test_original_names_work_without_a_sample(of: Any) -> None:
    x = table()
    model = of(lightgbm.LGBMRegressor(**FEW).fit(x, Y))
    predictor = pretzel.compile(model)
    np.testing.assert_array_equal(predictor.predict(x), model.predict(x))
    np.testing.assert_array_equal(predictor.predict(x.rename(columns={"a b": "a_b"})), model.predict(x))


def test_categorical_columns_are_taken_from_the_sample() -> None:
    """LightGBM reads an ordered category as a number, like any column of small integers."""
    x = table(kind=kinds(TEXTS), small=np.arange(len(X)) % 5, size=kinds([1, 2, 3, 4, 5, 6], ordered=True))
    estimator = lightgbm.LGBMRegressor(**OPTIONS).fit(x, Y)
    assert_serves(estimator, x, sample=x, exact=True)
    with pytest.raises(
        UnsupportedError,
        match="a DataFrame with 2 categorical columns, and the model does not record which; pass a sample.*, too",
    ):
        pretzel.compile(estimator)
    predictor = pretzel.compile(estimator, sample=x.head(5))
    np.testing.assert_array_equal(predictor.predict(x), estimator.predict(x))
    single = x.astype({"ü": "f4", "c": "f4", "a b": "f4"})
    np.testing.assert_array_equal(predictor.predict(single), estimator.predict(single))


@pytest.mark.parametrize("sizes", [[1, 2, 3, 4, 5, 6], ["s", "m", "l", "xl", "xs", None]], ids=["numbers", "texts"])
@pytest.mark.parametrize("of", [lambda estimator: estimator, lambda estimator: estimator.booster_])
def test_ordered_categories_are_inferred_if_one_choice_agrees_with_the_file(of: Any, sizes: list[Any]) -> None:
    x = table(size=kinds(sizes, ordered=True), kind=kinds(TEXTS), last=np.arange(len(X)) % 50)
    for frame in (x, x.drop(columns="kind"), x[["kind", "ü", "size"]], x[["size", "c"]]):
        model = of(lightgbm.LGBMRegressor(**OPTIONS).fit(frame, Y))
        predictor = pretzel.compile(model)
        np.testing.assert_array_equal(predictor.predict(frame), model.predict(frame))
        assert_serves(model, frame, exact=True, batches=(7,))


def test_integers_listed_as_categories_are_not_read_as_ordered_categories() -> None:
    x = table(code=np.arange(len(X)) % 4 + 7, size=kinds(["s", "m", "l", "xl", "xs", None], ordered=True))
    estimator = lightgbm.LGBMRegressor(**OPTIONS).fit(x, Y, categorical_feature=["code"])
    with pytest.raises(UnsupportedError, match="the model does not record which"):
        pretzel.compile(estimator)


def test_mixed_categories_are_refused() -> None:
    x = table(kind=kinds(["x", 1, "y", 2, "z", 3]))
    estimator = lightgbm.LGBMRegressor(**OPTIONS).fit(x, Y)
    with pytest.raises(UnsupportedError, match="a column has categories of type int, str"):
        export(estimator, sample=x)
    x = table(kind=kinds([2**53 + 1, 2, 3, 4, 5, 6]))
    with pytest.raises(UnsupportedError, match="integer categories beyond 2\\^53; encode such large integers as texts"):
        export(lightgbm.LGBMRegressor(**OPTIONS).fit(x, Y), sample=x)


def test_arrays_of_integers_are_read_as_float32() -> None:
    seconds = (1_700_000_000 + 40 * np.arange(120))[:, None]
    estimator = lightgbm.LGBMRegressor(**{**FEW, "min_child_samples": 1}).fit(seconds.astype(float), np.arange(120.0))
    predictor = pretzel.compile(estimator)
    for x in (seconds, seconds.astype(float), seconds.tolist()):
        np.testing.assert_array_equal(predictor.predict(x), estimator.predict(x))
    assert (predictor.predict(seconds) != predictor.predict(seconds.astype(float))).any()


ODD_NAMES = ["tab\tin", "a\u00a0b", "\u3000", "line\u2028", "\x1ccd", "e=f", "g\x0b\x0c\x85", "end\t"]


def odd_table() -> pd.DataFrame:
    values = np.random.default_rng(3).normal(size=(120, len(ODD_NAMES)))
    return pd.DataFrame(values, columns=ODD_NAMES)


@pytest.mark.parametrize("of", [lambda estimator: estimator, lambda estimator: estimator.booster_])
def test_names_with_white_space_other_than_spaces(of: Any, tmp_path: Any) -> None:
    x = odd_table()
    estimator = lightgbm.LGBMRegressor(**FEW).fit(x, x.sum(axis=1))
    definition = assert_serves(of(estimator), x, sample=x, exact=True)
    assert [node.column for node in definition.inputs] == ODD_NAMES
    estimator.booster_.save_model(tmp_path / "model.txt")
    predictor = pretzel.compile(tmp_path / "model.txt")
    assert predictor.feature_names_in_.tolist() == ODD_NAMES
    np.testing.assert_array_equal(predictor.predict(x.to_dict("series")), estimator.predict(x))


def test_tables_in_another_order_are_rejected_because_lightgbm_reads_by_position() -> None:
    x = pd.DataFrame(np.random.default_rng(3).normal(size=(60, 3)), columns=["a b", "c", "d"])
    estimator = lightgbm.LGBMRegressor(**FEW).fit(x, x["a b"] - x["d"])
    turned = x[["d", "c", "a b"]]
    assert (estimator.predict(turned) != estimator.predict(x)).any(), "LightGBM ignores the names"
    for predictor in (pretzel.compile(estimator), pretzel.compile(estimator.booster_)):
        for table in (turned, pl.from_pandas(turned), pa.Table.from_pandas(turned, preserve_index=False)):
            with pytest.raises(InputError, match="the model was trained on 'a.b', 'c', 'd'; reorder them"):
                predictor.predict(table)
        more = turned.assign(e=0.0)  # LightGBM rejects this number of columns
        for named in (turned.to_dict("series"), turned.to_dict("records"), more):
            np.testing.assert_array_equal(predictor.predict(named), estimator.predict(x))


@pytest.mark.parametrize("of", [lambda estimator: estimator, lambda estimator: estimator.booster_])
def test_names_with_spaces_and_columns_of_other_types(of: Any) -> None:
    x = pd.DataFrame(np.random.default_rng(3).normal(size=(60, 3)), columns=["a b", "c_d", "e"])
    estimator = lightgbm.LGBMRegressor(**FEW).fit(x, x["a b"] - x["e"])
    predictor = pretzel.compile(of(estimator))
    whole = (100 * x).astype(np.int64)
    for table in (x, x.astype(np.float32), x.astype({"a b": np.float32}), whole, whole.astype({"e": np.float32})):
        np.testing.assert_array_equal(predictor.predict(table), estimator.predict(table))
        written = table.set_axis(["a_b", "c_d", "e"], axis=1)
        np.testing.assert_array_equal(predictor.predict(written), estimator.predict(table))


AROUND = {
    "target": lambda inner: TransformedTargetRegressor(inner, transformer=StandardScaler()),
    "searched": lambda inner: GridSearchCV(TransformedTargetRegressor(inner), {"regressor__max_depth": [2]}, cv=2),
    "several": lambda inner: MultiOutputRegressor(inner),
}


@pytest.mark.parametrize("name", AROUND)
def test_names_with_spaces_of_estimators_around_it(name: str) -> None:
    """An estimator around LightGBM takes over the names that it has rewritten."""
    x = pd.DataFrame(np.random.default_rng(3).normal(size=(60, 3)), columns=["a b", "c_d", "e"])
    y = x["a b"] - x["e"]
    model = AROUND[name](lightgbm.LGBMRegressor(**FEW)).fit(x, np.c_[y, -y] if name == "several" else y)
    predictor = pretzel.compile(model)
    for table in (x, x.to_dict("records")):
        np.testing.assert_allclose(predictor.predict(table), model.predict(x))
    with pytest.raises(InputError, match="column 'a.b' is missing"):
        predictor.predict(x[["c_d", "e"]])


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_come_first_or_last(name: str) -> None:
    for names in ([name, "x"], ["x", name]):
        x = odd_table().iloc[:, :2].set_axis(names, axis=1)
        booster = lightgbm.LGBMRegressor(**FEW).fit(x, x.sum(axis=1)).booster_
        assert pretzel.compile(booster).feature_names_in_.tolist() == booster.feature_name() == names
