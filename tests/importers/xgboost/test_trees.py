"""XGBoost's decisions and sums to the bit: float32, missing values, ties, categories, DART, linear models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import pretzel
from pretzel.errors import InputError
from pretzel.importers.xgboost.native import read
from tests.importers.sklearn.frames import assert_serves
from tests.importers.xgboost.documents import FEATURES, VALUES, document_of, trees
from tests.importers.xgboost.examples import CLASSES, COUNTS, FEW, KINDS, YES, X, Y

ROWS = st.lists(st.tuples(*[st.sampled_from(VALUES)] * FEATURES), min_size=1, max_size=40)


def loaded(document: bytes) -> xgboost.XGBModel:
    """Return an estimator with these trees, which predicts in place."""
    estimator = xgboost.XGBRegressor(n_jobs=1)
    estimator.load_model(bytearray(document))
    return estimator


@settings(max_examples=50, deadline=None)
@given(st.lists(trees(categorical=True), min_size=1, max_size=4), st.integers(1, 3), st.data())
def test_random_trees(grown: list[dict[str, Any]], outputs: int, data: st.DataObject) -> None:
    group = data.draw(st.lists(st.integers(0, outputs - 1), min_size=len(grown), max_size=len(grown)))
    x, document = np.array(data.draw(ROWS)), document_of(grown, group, outputs)
    assert_serves(loaded(document), x, exact=True, batches=[len(x)])
    assert_serves(read(document), x, exact=True, batches=[len(x)])


@settings(max_examples=30, deadline=None)
@given(st.lists(trees(categorical=False, weights=True), min_size=1, max_size=3), ROWS)
def test_random_trees_with_vector_leaves(grown: list[dict[str, Any]], rows: list[tuple[float, ...]]) -> None:
    assert_serves(loaded(document_of(grown, [0] * len(grown), 2)), np.array(rows), exact=True, batches=[len(rows)])


@settings(max_examples=30, deadline=None)
@given(st.lists(trees(categorical=False), min_size=1, max_size=4), st.data())
def test_weights_of_dart_round_as_in_both_prediction_methods(grown: list[dict[str, Any]], data: Any) -> None:
    drop = data.draw(st.lists(st.floats(0.125, 1, width=32), min_size=len(grown), max_size=len(grown)))
    x, document = np.array(data.draw(ROWS)), document_of(grown, [0] * len(grown), 1, drop)
    assert_serves(loaded(document), x, exact=True, batches=[len(x)])
    assert_serves(read(document), x, exact=True, batches=[len(x)])


@pytest.mark.parametrize("missing", [np.nan, 0.0, 3.0, 0.1, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_missing_values(missing: float, dtype: type) -> None:
    estimator = xgboost.XGBRegressor(missing=missing, **FEW).fit(X, Y)
    odd = np.random.default_rng(5).choice([*VALUES, np.inf, -np.inf, 1e300, 3.0, np.float32(0.1)], (60, X.shape[1]))
    with np.errstate(over="ignore"):
        x = np.concatenate([X, odd]).astype(dtype)
    assert_serves(estimator, x, sample=x, exact=True, outputs=["predict"])
    taken = np.isfinite(x.astype(np.float32)).all(axis=1) | np.isinf(missing)  # leaves are computed over a DMatrix
    assert_serves(estimator, x[taken], sample=x, exact=True, outputs=["leaf_index"])


def test_leaves_reject_infinity() -> None:
    served = pretzel.compile(xgboost.XGBRegressor(**FEW).fit(X, Y))
    with pytest.raises(InputError, match="row 1, column 2"):
        served.apply(np.array([X[1], [0.0, 1.0, np.inf, 0.0, 0.0]]))


def test_categories_as_numbers() -> None:
    estimator = xgboost.XGBRegressor(max_cat_to_onehot=1, **KINDS, **FEW).fit(X, Y)
    x = X[np.arange(60) % len(X)]
    x[:, 3] = np.random.default_rng(5).choice([-0.0, -0.5, -1.0, 2.7, 5.0, 6.0, 99.0, 2.0**24, 1e9, np.nan], 60)
    assert_serves(estimator, x, exact=True)


@pytest.mark.parametrize("y", [YES, CLASSES], ids=["two", "three"])
@pytest.mark.parametrize("factor", [1.0, 0.0], ids=["all", "none"])
def test_entries_that_a_sparse_matrix_does_not_store_are_missing(y: np.ndarray, factor: float) -> None:
    stored = sparse.csr_matrix(np.nan_to_num(X))
    stored.data[::3] = 0  # stored zeros are zeros
    estimator = xgboost.XGBClassifier(**FEW).fit(stored, y)
    predictor = pretzel.compile(estimator)
    for x in (stored, stored.tocsc(), stored.astype(np.float32), stored.toarray(), factor * stored):
        np.testing.assert_allclose(predictor.predict_proba(x), estimator.predict_proba(x), rtol=1e-6)


def test_predictions_use_the_best_iteration() -> None:
    estimator = xgboost.XGBClassifier(**FEW | {"n_estimators": 40, "early_stopping_rounds": 2})
    estimator.fit(X[:60], CLASSES[:60], eval_set=[(X[60:], CLASSES[60:])], verbose=False)
    assert estimator.best_iteration + 1 < estimator.get_booster().num_boosted_rounds()
    assert_serves(estimator, X)
    whole = read(bytes(estimator.get_booster().save_raw("json")))
    assert (np.abs(pretzel.compile(whole).predict(X) - estimator.predict_proba(X)) > 1e-3).any()
    assert_serves(whole, X)


@pytest.mark.parametrize("y", [COUNTS, CLASSES, np.column_stack([Y, COUNTS, YES])], ids=["one", "classes", "many"])
def test_linear_models_add_in_the_order_of_xgboost(y: np.ndarray) -> None:
    kind = xgboost.XGBClassifier if y is CLASSES else xgboost.XGBRegressor
    estimator = kind(booster="gblinear", n_estimators=5, n_jobs=1).fit(np.nan_to_num(X), y)
    assert_serves(estimator, 1e3 * X, exact=y is not CLASSES)
    with pytest.raises(InputError, match="row 1, column 2"):
        pretzel.compile(estimator).predict(np.array([X[1], [0.0, 1.0, np.inf, 0.0, 0.0]]))
