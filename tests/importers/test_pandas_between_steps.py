"""Pandas tables between the steps of a pipeline (``set_output``): columns keep their types and categories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import sklearn
import xgboost
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

import pretzel
from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves

RNG = np.random.default_rng(3)
ROWS = 200
COLORS, SIZES = ["red", "green", "blue", "grün"], [1, 2, 3, 10]
TABLE = pd.DataFrame(
    {
        "gap": RNG.normal(size=ROWS),
        "color": pd.Categorical(RNG.choice(COLORS[:3], ROWS), categories=COLORS[:3]),
        "n": RNG.integers(0, 9, ROWS),
        "size": pd.Categorical(RNG.choice(SIZES, ROWS)),
    }
)
YES = ((TABLE["color"] == "red") ^ (TABLE["gap"] > 0) ^ (TABLE["size"] == 10)).astype(int)
BATCHES = (1, 7, ROWS)

Make = Callable[[], Any]
BOOSTED: dict[str, Make] = {
    "lightgbm": lambda: lightgbm.LGBMClassifier(n_estimators=6, min_child_samples=2, cat_smooth=1, verbose=-1),
    "histogram": lambda: HistGradientBoostingClassifier(max_iter=6, min_samples_leaf=2),
}


def passing() -> ColumnTransformer:
    scaled = ColumnTransformer([("scale", StandardScaler(), ["gap"])], remainder="passthrough")
    return scaled.set_output(transform="pandas")


@pytest.mark.parametrize("sample", [True, False], ids=["sample", "no sample"])
@pytest.mark.parametrize("boosted", BOOSTED)
def test_categories_pass_through_columns(boosted: str, sample: bool) -> None:
    model = make_pipeline(passing(), BOOSTED[boosted]()).fit(TABLE, YES)
    assert len(set(model.predict_proba(TABLE)[:, 1])) > 20
    assert_serves(model, TABLE, sample=TABLE if sample else None, batches=BATCHES)


OTHER: dict[str, pd.DataFrame] = {
    "unknown": TABLE.assign(color=pd.Categorical(RNG.choice(COLORS, ROWS), categories=COLORS)),
    "missing": TABLE.assign(
        color=TABLE["color"].where(TABLE["gap"] < 0.3), size=TABLE["size"].where(TABLE["gap"] > -0.3)
    ),
    "another order": TABLE.assign(color=TABLE["color"].cat.reorder_categories(["blue", "red", "green"])),
    "fewer": TABLE[TABLE["color"] == "red"].assign(color=lambda rows: rows["color"].cat.remove_unused_categories()),
}


@pytest.mark.parametrize("rows", OTHER)
@pytest.mark.parametrize("boosted", BOOSTED)
def test_categories_of_a_request_that_differ_from_those_of_training(boosted: str, rows: str) -> None:
    model, X = make_pipeline(passing(), BOOSTED[boosted]()).fit(TABLE, YES), OTHER[rows]
    np.testing.assert_allclose(pretzel.compile(model).predict_proba(X), model.predict_proba(X), rtol=1e-12)
    assert_serves(model, X, sample=TABLE, batches=(1, 7, len(X)))


def test_categories_pass_through_several_steps() -> None:
    union = FeatureUnion([("same", FunctionTransformer()), ("scaled", _numbers_scaled())]).set_output(
        transform="pandas"
    )
    chain = make_pipeline(passing(), FunctionTransformer(), union).set_output(transform="pandas")
    model = make_pipeline(chain, lightgbm.LGBMClassifier(n_estimators=6, verbose=-1)).fit(TABLE, YES)
    assert_serves(model, TABLE, sample=TABLE, batches=BATCHES)


def _numbers_scaled() -> ColumnTransformer:
    return ColumnTransformer([("scale", MinMaxScaler(), [2])]).set_output(transform="pandas")


def test_the_setting_of_the_whole_process() -> None:
    scaled = ColumnTransformer([("scale", StandardScaler(), ["gap"])], remainder="passthrough")
    with sklearn.config_context(transform_output="pandas"):
        model = make_pipeline(scaled, BOOSTED["histogram"]()).fit(TABLE, YES)
        assert_serves(model, TABLE, batches=BATCHES)


def test_texts_as_categories_of_xgboost() -> None:
    table = TABLE.drop(columns="size")
    boosted = xgboost.XGBClassifier(n_estimators=4, enable_categorical=True, n_jobs=1)
    model = make_pipeline(passing(), boosted).fit(table, YES)
    assert_serves(model, table, sample=table, batches=BATCHES)


@pytest.mark.parametrize("selector", [SelectFromModel(LogisticRegression()), RFE(LogisticRegression())])
def test_selectors_keep_the_types_of_a_table(selector: Any) -> None:
    """Milliseconds as integers, which LightGBM rounds in an array, and not in a table."""
    table = pd.DataFrame({"a": 1_700_000_000_000 + RNG.integers(0, 10**6, ROWS), "b": TABLE["gap"], "c": TABLE["n"]})
    after = (table["a"] % 1000 > 500).astype(int)
    boosted = lightgbm.LGBMClassifier(n_estimators=6, verbose=-1, max_bin=5000, min_data_in_bin=1)
    chosen = clone(selector).set_output(transform="pandas").set_params(**_all_of(selector))
    assert_serves(make_pipeline(chosen, boosted).fit(table, after), table, sample=table, batches=BATCHES)


def _all_of(selector: Any) -> dict[str, Any]:
    return {"threshold": -np.inf} if isinstance(selector, SelectFromModel) else {"n_features_to_select": 3}


def test_without_a_table_texts_next_to_numbers_are_refused() -> None:
    columns = passing().set_output(transform="default").fit(TABLE)
    with pytest.raises(UnsupportedError, match="it concatenates texts and numbers"):
        export(columns, sample=TABLE)
