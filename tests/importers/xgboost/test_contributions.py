"""Contributions and interactions of XGBoost's trees, compared with ``pred_contribs`` and ``pred_interactions``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost
from scipy import sparse

import pretzel
from pretzel.importers.xgboost.estimators import booster_answer
from pretzel.importers.xgboost.native import read
from tests.importers.xgboost.examples import CLASSES, COUNTS, FEW, KINDS, YES, X, Y, stopped

MORE = FEW | {"n_estimators": 20, "max_depth": 5}
MODELS: dict[str, Any] = {
    "plain": lambda: xgboost.XGBRegressor(**MORE).fit(X, Y),
    "deep": lambda: xgboost.XGBRegressor(**(MORE | {"max_depth": 14, "min_child_weight": 0})).fit(X, Y),
    "no split": lambda: xgboost.XGBRegressor(**(MORE | {"gamma": 1e6})).fit(X, Y),
    "base score": lambda: xgboost.XGBRegressor(base_score=0.25, **MORE).fit(X, Y),
    "dart": lambda: xgboost.XGBRegressor(booster="dart", rate_drop=0.5, **MORE).fit(X, Y),
    "counts": lambda: xgboost.XGBRegressor(objective="count:poisson", **MORE).fit(X, COUNTS),
    "random forest": lambda: xgboost.XGBRFRegressor(**FEW).fit(X, Y),
    "parallel trees": lambda: xgboost.XGBRegressor(num_parallel_tree=3, subsample=0.5, **FEW).fit(X, Y),
    "another value is missing": lambda: xgboost.XGBRegressor(missing=0.0, **MORE).fit(np.nan_to_num(X), Y),
    "categories": lambda: xgboost.XGBRegressor(max_cat_to_onehot=1, **KINDS, **MORE).fit(X, Y),
    "two classes": lambda: xgboost.XGBClassifier(scale_pos_weight=3, **MORE).fit(X, YES),
    "three classes": lambda: xgboost.XGBClassifier(**MORE).fit(X, CLASSES),
    "two targets": lambda: xgboost.XGBRegressor(**MORE).fit(X, np.column_stack([Y, X[:, 3]])),
    "stopped early": lambda: stopped(xgboost.XGBRegressor, Y)(n_estimators=40, early_stopping_rounds=1)[0],
}


def assert_close(got: np.ndarray, want: np.ndarray) -> None:
    """Fail unless two arrays agree within the rounding of float32 sums."""
    assert got.shape == want.shape and got.dtype == want.dtype == np.float32
    scale = np.abs(want).max(axis=tuple(range(1, want.ndim)), keepdims=True)
    assert (np.abs(got - want) <= 1e-5 * scale).all(), (np.abs(got - want) / scale).max()


@pytest.mark.parametrize("name", MODELS)
def test_results_equal_those_of_xgboost(name: str) -> None:
    model = MODELS[name]()
    served = pretzel.compile(model)
    x = np.nan_to_num(X) if name == "another value is missing" else X
    for rows in (x, x[:1], x[:5]):
        assert_close(served.contributions(rows), booster_answer(model, rows, pred_contribs=True))
        assert_close(served.interactions(rows), booster_answer(model, rows, pred_interactions=True))


def test_a_booster_and_its_documents() -> None:
    booster = xgboost.train({"nthread": 1, "max_depth": 4}, xgboost.DMatrix(X, Y), 9)
    matrix = xgboost.DMatrix(X)
    for model in (booster, read(bytes(booster.save_raw("json"))), read(bytes(booster.save_raw("ubj")))):
        served = pretzel.compile(model)
        assert_close(served.contributions(X), booster.predict(matrix, pred_contribs=True))
        assert_close(served.interactions(X), booster.predict(matrix, pred_interactions=True))


def test_document_models_call_the_library() -> None:
    booster = xgboost.train({"nthread": 1, "max_depth": 4}, xgboost.DMatrix(X, Y), 9)
    model, matrix = read(bytes(booster.save_raw("ubj"))), xgboost.DMatrix(X)
    np.testing.assert_array_equal(model.contributions(X), booster.predict(matrix, pred_contribs=True))
    np.testing.assert_array_equal(model.interactions(X), booster.predict(matrix, pred_interactions=True))


def test_sparse_rows() -> None:
    wide = sparse.random(200, 30, 0.2, "csr", rng=np.random.default_rng(0))
    target = np.asarray(wide[:, :9].sum(axis=1)).ravel() + wide[:, 25].toarray().ravel()
    model = xgboost.XGBRegressor(**MORE).fit(wide, target)
    served = pretzel.compile(model)
    assert_close(served.contributions(wide), booster_answer(model, wide, pred_contribs=True))
    assert_close(served.interactions(wide[:9]), booster_answer(model, wide[:9], pred_interactions=True))


def test_a_table_with_categories() -> None:
    table = pd.DataFrame(X[:, :3], columns=["a", "b", "c"]).assign(kind=pd.Categorical(list("xyz") * (len(X) // 3)))
    model = xgboost.XGBRegressor(enable_categorical=True, **MORE).fit(table, Y + (table["kind"] == "y"))
    assert_close(pretzel.compile(model).contributions(table), booster_answer(model, table, pred_contribs=True))


@pytest.mark.parametrize("y", [Y, np.digitize(Y, [-0.5, 0.5])], ids=["numbers", "classes"])
def test_linear_models(y: np.ndarray) -> None:
    kind = xgboost.XGBRegressor if y is Y else xgboost.XGBClassifier
    model = kind(booster="gblinear", n_estimators=5, n_jobs=1).fit(X, y)
    want = booster_answer(model, X, pred_contribs=True)
    np.testing.assert_array_equal(pretzel.compile(model).contributions(X), want)


def test_vector_leaves_have_no_contributions() -> None:
    targets = np.column_stack([Y, X[:, 3]])
    vectors = xgboost.XGBRegressor(multi_strategy="multi_output_tree", **FEW).fit(X, targets)
    assert not hasattr(pretzel.compile(vectors), "contributions")


def test_interactions_of_wide_matrices_are_not_offered() -> None:
    wide = np.random.default_rng(0).normal(size=(60, 1100))
    served = pretzel.compile(xgboost.XGBRegressor(**FEW).fit(wide, wide[:, 0]))
    assert served.contributions(wide[:2]).shape == (2, 1101)
    assert not hasattr(served, "interactions")
