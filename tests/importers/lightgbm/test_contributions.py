"""Contributions of LightGBM's trees, compared with ``pred_contrib=True``."""

from __future__ import annotations

import re
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import pretzel
from pretzel.importers.lightgbm.native import read
from tests.importers.lightgbm.examples import CLASSES, FEW, X, Y

BOTH = {"n_estimators": 20, "num_leaves": 15, "min_child_samples": 2, "verbose": -1, "n_jobs": 1, "random_state": 0}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "deep": {"num_leaves": 100, "min_child_samples": 1},
    "dart": {"boosting_type": "dart", "drop_rate": 0.9, "skip_drop": 0.0},
    "random forest": {"boosting_type": "rf", "subsample": 0.5, "subsample_freq": 1},
    "zeros are missing": {"zero_as_missing": True},
    "nothing is missing": {"use_missing": False},
    "extra trees": {"extra_trees": True},
    "stumps": {"num_leaves": 2},
    "no split": {"min_child_samples": 100},
    "a link": {"objective": "poisson"},
    "roots": {"reg_sqrt": True},
}


def assert_contributions(model: Any, x: Any, **options: Any) -> None:
    """Fail unless contributions equal LightGBM's own."""
    want, got = model.predict(x, pred_contrib=True), pretzel.compile(model).contributions(x)
    assert got.shape == want.shape and got.dtype == want.dtype
    scale = np.abs(want).max(axis=0, keepdims=True)
    assert (np.abs(got - want) <= 1e-6 * np.abs(want) + 1e-9 * scale).all(), np.abs(got - want).max()
    np.testing.assert_array_equal(pretzel.compile(model).contributions(x[:1]), got[:1])


@pytest.mark.parametrize("name", OPTIONS)
def test_contributions_equal_those_of_lightgbm(name: str) -> None:
    target = np.exp(Y / 3) if name in ("a link", "roots") else Y
    assert_contributions(lightgbm.LGBMRegressor(**(BOTH | OPTIONS[name])).fit(X, target), X)


@pytest.mark.parametrize("classes", [CLASSES, CLASSES > 0], ids=["three classes", "two"])
@pytest.mark.parametrize("objective", [None, "multiclassova"])
def test_each_class_has_separate_contributions(classes: np.ndarray, objective: str | None) -> None:
    if objective and classes.dtype == bool:
        pytest.skip("two classes have one score")
    model = lightgbm.LGBMClassifier(objective=objective, scale_pos_weight=None, **BOTH).fit(X, classes)
    assert_contributions(model, X)
    x = np.where(np.isnan(X), 0, X)
    contributions = pretzel.compile(model).contributions(x)
    scores = model.predict(x, raw_score=True).reshape(len(x), -1)
    sums = contributions.reshape(len(x), scores.shape[1], X.shape[1] + 1).sum(axis=2)
    np.testing.assert_allclose(sums, scores, rtol=1e-9, atol=1e-9)


def test_categories() -> None:
    model = lightgbm.LGBMRegressor(**BOTH, min_data_per_group=2, cat_smooth=0.1, max_cat_to_onehot=1)
    assert_contributions(model.fit(X, Y, categorical_feature=[3, 4]), np.vstack([X, np.where(X == 2, 99, -X)]))


def test_a_table_with_categories() -> None:
    table = pd.DataFrame(X[:, :3], columns=["a", "b", "c"]).assign(kind=pd.Categorical(list("xyz") * (len(X) // 3)))
    model = lightgbm.LGBMRegressor(**BOTH, min_data_per_group=2, cat_smooth=0.1).fit(table, Y + (table["kind"] == "y"))
    want, got = model.predict(table, pred_contrib=True), pretzel.compile(model).contributions(table)
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("zero_as_missing", [False, True])
def test_sparse_rows(zero_as_missing: bool) -> None:
    wide = sparse.random(200, 400, 0.05, "csr", rng=np.random.default_rng(0))
    target = np.asarray(wide[:, :9].sum(axis=1)).ravel() + wide[:, 300].toarray().ravel()
    model = lightgbm.LGBMRegressor(zero_as_missing=zero_as_missing, **BOTH).fit(wide, target)
    want, got = model.predict(wide, pred_contrib=True), pretzel.compile(model).contributions(wide)
    np.testing.assert_allclose(got, want.toarray(), rtol=1e-6, atol=1e-9)


def test_the_best_iteration() -> None:
    model = lightgbm.LGBMRegressor(**(FEW | {"n_estimators": 200, "learning_rate": 0.9}))
    model.fit(X[:60], Y[:60], eval_set=[(X[60:], Y[60:])], callbacks=[lightgbm.early_stopping(2, verbose=False)])
    assert model.best_iteration_ < 200
    assert_contributions(model, X)


def test_a_booster_and_its_text() -> None:
    booster = lightgbm.train({"verbose": -1, "num_threads": 1, "min_data_in_leaf": 2}, lightgbm.Dataset(X, Y), 9)
    want = booster.predict(X, pred_contrib=True)
    for model in (booster, read(booster.model_to_string().encode())):
        np.testing.assert_allclose(pretzel.compile(model).contributions(X), want, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        (r"internal_count=.*\n", ""),
        (r"leaf_count=.*\n", ""),
        (r"internal_count=\d+ ", "internal_count=0 "),
        (r"leaf_count=\d+ ", "leaf_count="),
        (r"leaf_count=\d+ ", "leaf_count=nan "),
    ],
)
def test_models_without_counts_predict_but_have_no_contributions(line: str, instead: str) -> None:
    text = lightgbm.LGBMRegressor(**FEW).fit(X, Y).booster_.model_to_string()
    changed = re.sub(line, instead, text, count=1)
    assert changed != text
    served, model = pretzel.compile(read(changed.encode())), read(text.encode())
    np.testing.assert_array_equal(served.predict(X), pretzel.compile(model).predict(X))
    with pytest.raises(AttributeError, match=r"has no 'contributions'; it has predict, leaf_index$"):
        served.contributions(X)
