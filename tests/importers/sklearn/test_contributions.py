"""Contributions of scikit-learn's trees: against the definition of Shapley values, and their sums."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import pretzel
from pretzel.compiler.optimize import optimize
from pretzel.importers import export
from pretzel.importers.sklearn.tree import sklearn_tree
from pretzel.plan import ops
from pretzel.plan.graph import topological
from tests.importers.shapley import values

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(300, 5))
X[:, 4] = RANDOM.integers(0, 6, 300)
Y = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + (X[:, 4] % 2) + RANDOM.normal(size=300) / 9
CLASSES = np.digitize(Y, [0.0, 1.0])
SOME = {"random_state": 0, "max_depth": 5}
MODELS: dict[str, Any] = {
    "tree": DecisionTreeRegressor(**SOME).fit(X, Y),
    "tree with weights": DecisionTreeRegressor(**SOME).fit(X, Y, sample_weight=RANDOM.uniform(0, 3, 300)),
    "tree of classes": DecisionTreeClassifier(**SOME).fit(X, CLASSES),
    "tree of two classes": DecisionTreeClassifier(**SOME).fit(X, CLASSES > 0),
    "lone leaf": DecisionTreeRegressor(max_depth=1, min_samples_leaf=200).fit(X, Y),
    "forest": RandomForestRegressor(7, **SOME).fit(X, Y),
    "forest of classes": RandomForestClassifier(7, **SOME).fit(X, CLASSES),
    "forest of two targets": RandomForestRegressor(7, **SOME).fit(X, np.column_stack([Y, X[:, 0]])),
    "extra trees": ExtraTreesRegressor(7, **SOME).fit(X, Y),
    "boosted": GradientBoostingRegressor(n_estimators=9, random_state=0).fit(X, Y),
    "boosted from zero": GradientBoostingRegressor(n_estimators=9, init="zero").fit(X, Y),
    "boosted classes": GradientBoostingClassifier(n_estimators=4, random_state=0).fit(X, CLASSES),
    "boosted, two classes": GradientBoostingClassifier(n_estimators=4, random_state=0).fit(X, CLASSES > 0),
    "histograms": HistGradientBoostingRegressor(max_iter=9).fit(X, Y),
    "histograms of categories": HistGradientBoostingRegressor(max_iter=9, categorical_features=[4]).fit(X, Y),
    "histograms of classes": HistGradientBoostingClassifier(max_iter=4).fit(X, CLASSES),
    "histograms of counts": HistGradientBoostingRegressor(max_iter=4, loss="poisson").fit(X, np.abs(Y)),
}
UNKNOWN_TO_SHAP = ("histograms of categories", "boosted classes", "boosted from zero")
"""Unsupported by shap: categories of histograms, boosting of several classes, and boosting with init="zero"."""


def explained(model: Any, x: np.ndarray) -> np.ndarray:
    """Return the sum of the contributions: scores, else probabilities, else values before the link."""
    if hasattr(model, "decision_function"):
        return np.asarray(model.decision_function(x))
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(x))
    answer = np.asarray(model.predict(x))
    return np.log(answer) if getattr(model, "loss", "") == "poisson" else answer


@pytest.mark.parametrize("name", MODELS)
def test_contributions_add_up_to_the_answer(name: str) -> None:
    model, want = MODELS[name], explained(MODELS[name], X)
    got = pretzel.compile(model).contributions(X)
    assert got.shape == (*want.shape, X.shape[1] + 1)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got.sum(axis=-1), want, rtol=1e-10, atol=1e-12)
    assert np.ptp(got[..., -1], axis=0).max() == 0, "the expected value does not depend on the row"


@pytest.mark.parametrize("name", ["tree", "tree with weights", "forest", "extra trees", "boosted"])
def test_contributions_are_shapley_values(name: str) -> None:
    model = MODELS[name]
    fitted = np.ravel(getattr(model, "estimators_", [model])).tolist()
    scale = model.learning_rate if name == "boosted" else 1 / len(fitted)
    trees = [sklearn_tree(one, scale * one.tree_.value[:, 0, 0]) for one in fitted]
    terms = pretzel.compile(model).contributions(X[:6])
    for row, got in zip(X[:6].astype(np.float32), terms, strict=True):
        want = values(trees, lambda tree, at, row=row: row[tree.feature[at]] <= tree.threshold[at], X.shape[1])
        np.testing.assert_allclose(got[:-1], want, rtol=1e-9, atol=1e-12)


@pytest.mark.skipif(not find_spec("shap"), reason="shap is not installed")
@pytest.mark.parametrize("name", [name for name in MODELS if name not in UNKNOWN_TO_SHAP])
def test_contributions_are_those_of_shap(name: str) -> None:
    import shap

    explainer = shap.TreeExplainer(MODELS[name], feature_perturbation="tree_path_dependent")
    want = np.asarray(explainer.shap_values(X, check_additivity=False))
    want = np.moveaxis(want, -1, 1) if want.ndim == 3 else want
    got = pretzel.compile(MODELS[name]).contributions(X)
    np.testing.assert_allclose(got[..., :-1], want, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(got[0, ..., -1], np.squeeze(explainer.expected_value), rtol=1e-6, atol=1e-9)


def test_missing_values_and_float32() -> None:
    x = np.where(RANDOM.random(X.shape) < 0.2, np.nan, X).astype(np.float32)
    model = HistGradientBoostingRegressor(max_iter=9).fit(x, Y)
    np.testing.assert_allclose(pretzel.compile(model).contributions(x).sum(axis=-1), model.predict(x), rtol=1e-10)


def test_a_feature_that_no_tree_reads_adds_nothing() -> None:
    x = np.column_stack([X, np.zeros(len(X))])
    got = pretzel.compile(RandomForestRegressor(3, random_state=0).fit(x, Y)).contributions(x)
    assert not got[:, X.shape[1]].any()


@pytest.mark.parametrize("before", [StandardScaler(), SelectKBest(f_regression, k=3)], ids=["scaling", "selection"])
def test_steps_before_trees_still_fold_into_them(before: Any) -> None:
    """Contributions read the output of the step; predictions without contributions do not need it."""
    definition = optimize(export(make_pipeline(before, HistGradientBoostingRegressor(max_iter=3)).fit(X, Y)))
    read = {type(node) for node in topological([definition.outputs["predict"]])}
    assert "contributions" in definition.outputs
    assert not read & {ops.Standardize, ops.Affine, ops.Select}
