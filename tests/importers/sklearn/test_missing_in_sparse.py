"""Missing values stored in sparse rows, for which the library's trees answer unlike for dense rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import IsolationForest
from sklearn.feature_selection import SelectKBest
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBRegressor

import pretzel
from pretzel.errors import InputError

X = np.random.default_rng(1).normal(size=(60, 3))


def test_isolation_forests_refuse_nan_in_sparse_rows() -> None:
    model = IsolationForest(n_estimators=20, random_state=0).fit(X)
    rows = sparse.csr_array(np.where(np.abs(X) < 0.4, 0.0, X))
    predictor = pretzel.compile(model)
    np.testing.assert_allclose(predictor.score_samples(rows), model.score_samples(rows))
    rows.data[::7] = np.nan
    dense = rows.toarray()
    np.testing.assert_allclose(predictor.score_samples(dense), model.score_samples(dense))
    assert not np.allclose(model.score_samples(rows), model.score_samples(dense))
    with pytest.raises(InputError, match="contains NaN: row 0, column 1"):
        predictor.score_samples(rows)


IMPUTERS = {
    "constant": SimpleImputer(strategy="constant", fill_value=2.0),
    "most frequent": SimpleImputer(strategy="most_frequent", add_indicator=True),
    "mean": SimpleImputer(),
    "indicator": MissingIndicator(features="all"),
}


@pytest.mark.parametrize("name", IMPUTERS)
@pytest.mark.parametrize("around", [lambda x: x, lambda x: TransformedTargetRegressor(x, transformer=StandardScaler())])
def test_xgboost_is_given_the_entries_that_an_imputer_keeps(name: str, around: Callable[[Any], Any]) -> None:
    """The library's imputers keep sparse rows, whose absent entries XGBoost reads as missing."""
    rows = np.where(np.abs(X) < 0.9, 0.0, X)
    rows[::9, 0] = np.nan
    model = make_pipeline(clone(IMPUTERS[name]), SelectKBest(k=2), around(XGBRegressor(n_estimators=3)))
    model.fit(rows, np.nan_to_num(rows).sum(axis=1))
    stored, predictor = sparse.csr_array(rows), pretzel.compile(model)
    np.testing.assert_allclose(predictor.predict(rows), model.predict(rows), rtol=1e-6)
    with pytest.raises(InputError, match=r"xgbregressor|regressor distinguishes a stored zero"):
        predictor.predict(stored)
