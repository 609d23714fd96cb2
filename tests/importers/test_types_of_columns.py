"""Single cases in which the type of a column decides the library's answer."""

from __future__ import annotations

from functools import partial
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.feature_selection import VarianceThreshold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import served

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")

WIDE = 2**24 + np.arange(1, 41)
TABLE = pd.DataFrame({"a": WIDE, "b": WIDE[::-1]})
FLOATS = TABLE.astype(float)
Y = (WIDE % 2).astype(float)


def boosted() -> Any:
    options = {"n_estimators": 2, "min_child_samples": 1, "min_data_in_bin": 1, "max_bin": 500, "num_leaves": 60}
    return lightgbm.LGBMRegressor(**options, n_jobs=1, verbose=-1)


@pytest.mark.parametrize("nested", ["", "reader", "giver"])
def test_lightgbm_reads_integers_of_a_table_of_polars_in_float64(nested: str) -> None:
    step, last = VarianceThreshold().set_output(transform="polars"), boosted()
    step = make_pipeline(step, "passthrough") if nested == "giver" else step
    model = make_pipeline(step, make_pipeline("passthrough", last) if nested == "reader" else last).fit(FLOATS, Y)
    for X in (TABLE, pl.DataFrame(TABLE.to_dict("list"))):
        want = model.predict(X)
        assert len(set(want)) > 1
        np.testing.assert_allclose(pretzel.compile(model).predict(X), want, rtol=1e-6)
        np.testing.assert_allclose(served(export(model), X)["predict"], want, rtol=1e-6)


@pytest.mark.parametrize("fit", [FLOATS, FLOATS.to_numpy()], ids=["table", "array"])
def test_float32_is_rounded_in_float32_next_to_others(fit: Any) -> None:
    X = pd.DataFrame({"a": np.array([1.005, 0.15, 0.25, 0.35], np.float32), "b": [0.15, 0.25, 1.005, 2.0]})
    model = FunctionTransformer(np.round, kw_args={"decimals": 1}).fit(fit)
    assert (np.asarray(model.transform(X)) != np.round(X.astype(float).to_numpy(), 1)).any()
    np.testing.assert_array_equal(pretzel.compile(model).transform(X), np.asarray(model.transform(X), float))


@pytest.mark.parametrize("function", [np.log1p, np.exp, np.negative, partial(np.round, decimals=-1)])
def test_booleans_next_to_integers_are_refused(function: Any) -> None:
    X = pd.DataFrame({"a": [True, False, True], "b": [1, 2, 3]})
    model = FunctionTransformer(function).fit(FLOATS)
    for ask in (pretzel.compile(model).transform, partial(served, export(model))):
        with pytest.raises(InputError, match="column 'a': .* returns other values for bool than for floats"):
            ask(X)


def test_integers_that_pandas_may_leave_integers_are_refused_where_lightgbm_rounds_them() -> None:
    clip = FunctionTransformer(np.clip, kw_args={"a_min": 0.5, "a_max": 1e9})
    model = make_pipeline(clip, VarianceThreshold(), boosted()).fit(FLOATS, Y)
    assert (model.predict(TABLE) != model.predict(FLOATS)).any()
    small = TABLE - 2**24
    for ask in (pretzel.compile(model).predict, lambda X: served(export(model), X)["predict"]):
        with pytest.raises(InputError, match="column 'a', row 0: 16777217"):
            ask(TABLE)
        np.testing.assert_allclose(ask(small), model.predict(small), rtol=1e-6)
        np.testing.assert_allclose(ask(FLOATS), model.predict(FLOATS), rtol=1e-6)


def test_whole_polars_columns_of_which_a_logarithm_is_float64_are_answered() -> None:
    model = make_pipeline(FunctionTransformer(np.log1p), StandardScaler()).fit(FLOATS)
    X = pl.DataFrame({"a": [1, None, 2**40], "b": [1, 2, 3]}, schema={"a": pl.Int64, "b": pl.UInt32})
    np.testing.assert_allclose(pretzel.compile(model).transform(X), model.transform(X), rtol=1e-9)
    with pytest.raises(InputError, match="column 'b': Int16 in a polars table.*; cast it to Float64"):
        pretzel.compile(model).transform(X.cast({"b": pl.Int16}))


def test_a_table_of_polars_settles_no_type() -> None:
    model = FunctionTransformer(np.square).fit(FLOATS)
    X = pl.DataFrame({"a": [1, 2], "b": [3, 4]})
    with pytest.raises(InputError, match="column 'a': Int64 in a polars table"):
        served(export(model, sample=X), X)


@pytest.mark.parametrize("sample", [np.float32(FLOATS), pd.DataFrame({"a": np.float32(WIDE), "b": np.int8(WIDE % 9)})])
def test_samples_of_which_numpy_makes_float32_are_computed_in_float32(sample: Any) -> None:
    fitted = FLOATS if isinstance(sample, np.ndarray) else FLOATS.to_numpy()
    model = StandardScaler().fit(fitted)
    assert model.transform(sample).dtype == np.float32
    got = served(export(model, sample=sample), sample)["transform"]
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, model.transform(sample), rtol=1e-6)


def test_bounds_for_columns_that_pandas_clips_one_by_one_are_refused() -> None:
    model = FunctionTransformer(np.clip, kw_args={"a_min": [0.5, 1.0], "a_max": None}).fit(FLOATS)
    with pytest.raises((InputError, UnsupportedError), match="2 bounds for 1 columns"):
        pretzel.compile(model).transform(FLOATS.astype({"a": np.float32}))


def on_a_day(df: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"on": df["day"].dt.floor("D") == pd.Timestamp("2021-01-02")})


def test_dates_of_arrow_are_rejected_where_a_function_answers_otherwise() -> None:
    days = pd.Series(pd.date_range("2021-01-01", periods=20, freq="7h"), dtype="datetime64[us]")
    days[3] = pd.NaT
    X = pd.DataFrame({"day": days})
    model = FunctionTransformer(on_a_day).fit(X)
    arrow = X.astype({"day": "timestamp[us][pyarrow]"})
    assert model.transform(arrow)["on"].isna().sum() == 1
    for ask in (pretzel.compile(model, sample=X).transform, partial(served, export(model, sample=X))):
        with pytest.raises(InputError, match=r"column 'day': timestamp\[us\]\[pyarrow\] with missing values"):
            ask(arrow)
    present = arrow.drop(index=3).reset_index(drop=True)
    got = pretzel.compile(model, sample=X).transform(present)
    np.testing.assert_array_equal(np.asarray(got, float), model.transform(present).to_numpy(float))


def test_categories_of_polars() -> None:
    X = pd.DataFrame({"kind": ["x", "y", None], "a": [1.0, 2.0, 3.0]})
    model = FunctionTransformer(lambda df: pd.DataFrame({"a": df["a"] == 0, "x": df["kind"] == "x"})).fit(X)
    rows = pl.DataFrame({"kind": pl.Series(["x", "y"], dtype=pl.Categorical), "a": [0.0, 1.0]})
    want = np.asarray(model.transform(rows), float)
    np.testing.assert_array_equal(np.asarray(pretzel.compile(model, sample=X).transform(rows), float), want)
