"""DataFrames: names in any script, and categories, which XGBoost matches by value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves
from tests.importers.xgboost.examples import CLASSES, FEW, X, Y

TEXTS = ["x", "y", None, "zz", "z", "a b"]
OPTIONS = {**FEW, "enable_categorical": True}


def table(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(X[:, :3], columns=["a b", "ü", "c"]).assign(**columns)


def kinds(values: Any, **options: Any) -> pd.Categorical:
    return pd.Categorical(np.array(values, object)[X[:, 3].astype(int)], **options)


@pytest.mark.parametrize("one_hot", [1, 99])
@pytest.mark.parametrize("values", [TEXTS, [5, -3, None, 2**40, 0, 7]], ids=["texts", "integers"])
def test_categories(values: list[Any], one_hot: int) -> None:
    x = table(kind=kinds(values), more=kinds(TEXTS))
    estimator = xgboost.XGBClassifier(max_cat_to_onehot=one_hot, **OPTIONS).fit(x, CLASSES)
    assert_serves(estimator, x, sample=x)
    assert_serves(estimator, x)


def test_categories_in_another_order() -> None:
    x = table(kind=kinds(TEXTS))
    estimator = xgboost.XGBRegressor(**OPTIONS).fit(x, Y)
    again = table(kind=kinds(TEXTS, categories=["zz", "a b", "z", "y", "x"]))
    np.testing.assert_array_equal(pretzel.compile(estimator).predict(again), estimator.predict(again))


def test_unseen_categories_are_rejected_as_by_xgboost() -> None:
    """XGBoost 3.2 reads an unseen category as the next one in sort order, and rejects those after the last."""
    x = table(kind=kinds(TEXTS))
    estimator = xgboost.XGBRegressor(**OPTIONS).fit(x, Y)
    unseen = table(kind=pd.Categorical(["zzz"] * len(x)))
    with pytest.raises(xgboost.core.XGBoostError, match="Found a category not in the training set for the 3th"):
        estimator.predict(unseen)
    with pytest.raises(InputError, match=r"row 0: Found unknown categories \['zzz'\] in column kind"):
        pretzel.compile(estimator).predict(unseen)


def test_categories_beyond_ascii_are_refused() -> None:
    x = table(kind=kinds(["ö", "y", None, "zz", "z", "a b"]))
    estimator = xgboost.XGBRegressor(**OPTIONS).fit(x, Y)
    with pytest.raises(UnsupportedError, match="enable_categorical=True.*column 'kind' are not all ASCII"):
        export(estimator)


@pytest.mark.parametrize("one_hot", [1, 99])
@pytest.mark.parametrize("missing", [0.0, 2.0, 4.0, 5.0, 1.5, -1.0, np.nan, 1.00000001])
def test_missing_value_equal_to_a_category_code_is_refused(missing: float, one_hot: int) -> None:
    x = table(kind=kinds(TEXTS, categories=["x", "y", "zz", "z", "a b"]))
    again = x.assign(kind=x["kind"].cat.reorder_categories(["a b", "z", "zz", "y", "x"]))
    estimator = xgboost.XGBRegressor(missing=missing, max_cat_to_onehot=one_hot, **OPTIONS).fit(x, Y)
    if missing in (0.0, 2.0, 4.0, 1.00000001):
        with pytest.raises(UnsupportedError, match="missing=.*code . of column 'kind' as missing.*missing=numpy.nan"):
            export(estimator, sample=x)
        if one_hot == 1 and missing != 2.0:  # the code in the middle does not change
            assert (estimator.predict(x) != estimator.predict(again)).any()
        return
    predictor = pretzel.compile(estimator)
    for rows in (x, again):
        np.testing.assert_array_equal(predictor.predict(rows), estimator.predict(rows))


def test_names_are_not_changed(tmp_path: Any) -> None:
    x = table()
    estimator = xgboost.XGBRegressor(**FEW).fit(x, Y)
    estimator.save_model(tmp_path / "model.ubj")
    predictor = pretzel.compile(tmp_path / "model.ubj")
    assert predictor.feature_names_in_.tolist() == ["a b", "ü", "c"]
    np.testing.assert_array_equal(predictor.predict(x), estimator.predict(x))
