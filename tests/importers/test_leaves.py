"""The leaf that a row reaches in each tree, as every library numbers its leaves, in the library's shape and dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from catboost import CatBoostClassifier, CatBoostRegressor
from scipy import sparse
from sklearn import ensemble, tree
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.importers.answers import answer_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 6))
Y = X[:, 0] * X[:, 1] + X[:, 2]
CLASSES = np.digitize(Y, [-0.5, 0.5])
GAPS = np.where(RNG.random(X.shape) < 0.2, np.nan, X)
FEW = {"n_estimators": 5, "random_state": 0}
LIGHT = {**FEW, "verbose": -1, "n_jobs": 1}
CAT = {"iterations": 5, "depth": 4, "verbose": 0, "allow_writing_files": False, "thread_count": 1, "random_seed": 0}

MODELS: dict[str, tuple[Callable[[], Any], Any, Any]] = {
    "decision tree": (lambda: tree.DecisionTreeClassifier(random_state=0), X, CLASSES),
    "extra tree": (lambda: tree.ExtraTreeRegressor(max_depth=4, random_state=0), X, Y),
    "missing values": (lambda: tree.DecisionTreeRegressor(random_state=0), GAPS, Y),
    "random forest": (lambda: ensemble.RandomForestClassifier(**FEW), X, CLASSES),
    "several targets": (lambda: ensemble.RandomForestClassifier(**FEW), X, np.column_stack([CLASSES, Y > 0])),
    "extra trees": (lambda: ensemble.ExtraTreesRegressor(**FEW), GAPS, Y),
    "deep forest": (lambda: ensemble.RandomForestRegressor(min_samples_leaf=1, **FEW), X[:, :2], RNG.normal(size=300)),
    "boosted classes": (lambda: ensemble.GradientBoostingClassifier(**FEW), X, CLASSES),
    "boosted pair": (lambda: ensemble.GradientBoostingClassifier(**FEW), X, CLASSES > 0),
    "boosted numbers": (lambda: ensemble.GradientBoostingRegressor(**FEW), X, Y),
    "histograms": (lambda: ensemble.HistGradientBoostingRegressor(max_iter=5), GAPS, Y),
    "histograms of classes": (lambda: ensemble.HistGradientBoostingClassifier(max_iter=5), GAPS, CLASSES),
    "embedding": (lambda: ensemble.RandomTreesEmbedding(**FEW), X, None),
    "isolation": (lambda: ensemble.IsolationForest(**FEW), X, None),
    "isolation of some columns": (lambda: ensemble.IsolationForest(max_features=0.5, **FEW), X, None),
    "lightgbm": (lambda: lightgbm.LGBMRegressor(**LIGHT), GAPS, Y),
    "lightgbm of classes": (lambda: lightgbm.LGBMClassifier(**LIGHT), GAPS, CLASSES),
    "lightgbm dart": (lambda: lightgbm.LGBMClassifier(boosting_type="dart", **LIGHT), X, CLASSES),
    "lightgbm one tree": (lambda: lightgbm.LGBMRegressor(**LIGHT | {"n_estimators": 1}), X, Y),
    "lightgbm zeros": (lambda: lightgbm.LGBMRegressor(zero_as_missing=True, **LIGHT), np.where(X > 1, 0.0, X), Y),
    "lightgbm categories": (
        lambda: lightgbm.LGBMRegressor(categorical_feature=[0], min_child_samples=2, **LIGHT), np.abs(X * 4).round(), Y
    ),
    "xgboost": (lambda: xgboost.XGBRegressor(**FEW), GAPS, Y),
    "xgboost of classes": (lambda: xgboost.XGBClassifier(**FEW), GAPS, CLASSES),
    "xgboost dart": (lambda: xgboost.XGBRegressor(booster="dart", rate_drop=0.5, **FEW), X, Y),
    "xgboost one tree": (lambda: xgboost.XGBRegressor(**FEW | {"n_estimators": 1}), X, Y),
    "xgboost forest": (lambda: xgboost.XGBRFRegressor(**FEW), X, Y),
    "xgboost vectors": (
        lambda: xgboost.XGBRegressor(multi_strategy="multi_output_tree", **FEW), X, np.column_stack([Y, -Y])
    ),
    "catboost": (lambda: CatBoostRegressor(**CAT), GAPS, Y),
    "catboost of classes": (lambda: CatBoostClassifier(**CAT), X, CLASSES),
    "catboost by depth": (lambda: CatBoostRegressor(grow_policy="Depthwise", **CAT), X, Y),
    "catboost by loss": (lambda: CatBoostRegressor(grow_policy="Lossguide", **CAT), X, Y),
}  # fmt: skip


def asked(estimator: Any, x: Any) -> Any:
    ask = answer_of(estimator, "leaf_index")
    assert ask is not None
    return ask(x)


def assert_same(got: Any, want: Any) -> None:
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", MODELS)
def test_leaves_equal_the_library(name: str) -> None:
    make, x, y = MODELS[name]
    fitted = make().fit(x) if y is None else make().fit(x, y)
    served = pretzel.compile(fitted)
    assert asked(fitted, x).max() > 0
    for rows in (1, 17, len(x)):
        assert_same(served.leaf_index(x[:rows]), asked(fitted, x[:rows]))
    if hasattr(fitted, "apply"):
        assert_same(served.apply(x), fitted.apply(x))
    assert hasattr(served, "apply") == hasattr(fitted, "apply")


@pytest.mark.parametrize("make", [lightgbm.LGBMRegressor, xgboost.XGBRegressor])
def test_the_best_iteration_ends_the_trees(make: Any) -> None:
    stop = {"eval_set": [(X[200:], -Y[200:])]}
    if make is lightgbm.LGBMRegressor:
        fitted = make(**LIGHT | {"n_estimators": 50}).fit(X[:200], Y[:200], **stop, callbacks=[
            lightgbm.early_stopping(3, verbose=False)
        ])  # fmt: skip
        assert fitted.best_iteration_ < 50
    else:
        fitted = make(early_stopping_rounds=3, **FEW | {"n_estimators": 50}).fit(X[:200], Y[:200], **stop, verbose=0)
    want = asked(fitted, X)
    assert want.reshape(len(X), -1).shape[1] < 50
    assert_same(pretzel.compile(fitted).leaf_index(X), want)


def test_categories_of_a_table() -> None:
    table = pd.DataFrame({"a": pd.Categorical(np.array(["x", "y", "z", "w"])[CLASSES]), "b": X[:, 0]})
    for fitted in (
        lightgbm.LGBMRegressor(min_child_samples=2, **LIGHT).fit(table, Y),
        xgboost.XGBRegressor(enable_categorical=True, **FEW).fit(table, Y),
        ensemble.HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=5).fit(table, Y),
        CatBoostRegressor(cat_features=["a"], one_hot_max_size=9, **CAT).fit(table, Y),
        CatBoostRegressor(cat_features=["a"], one_hot_max_size=1, **CAT).fit(table, Y),
    ):
        assert_same(pretzel.compile(fitted).leaf_index(table), asked(fitted, table))


def test_sparse_rows() -> None:
    rows = sparse.csr_matrix(np.where(np.abs(X) > 1, X, 0.0))
    for fitted in (ensemble.RandomForestRegressor(**FEW).fit(rows, Y), lightgbm.LGBMRegressor(**LIGHT).fit(rows, Y)):
        assert_same(pretzel.compile(fitted).leaf_index(rows), asked(fitted, rows))


def test_leaves_after_other_steps_and_a_search() -> None:
    steps = make_pipeline(StandardScaler(), ensemble.RandomForestRegressor(**FEW)).fit(X, Y)
    served = pretzel.compile(steps)
    assert_same(served.leaf_index(X), steps[-1].apply(steps[0].transform(X)))
    with pytest.raises(AttributeError, match="has no 'apply'"):
        _ = served.apply
    grid = GridSearchCV(tree.DecisionTreeRegressor(random_state=0), {"max_depth": [2, 3]}, cv=2).fit(X, Y)
    assert_same(pretzel.compile(grid).leaf_index(X), grid.best_estimator_.apply(X))
