"""Trees, forests and boosting against scikit-learn: to the bit where only leaves are added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import make_classification, make_regression
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor
from threadpoolctl import threadpool_limits

from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves, served, wanted

WIDTH = 6
FEW = {"random_state": 0, "n_estimators": 5, "max_depth": 6}
TWO = {"n_informative": 4, "random_state": 1}
ODD = [0.0, -0.0, 1.0, 0.1, 5e-324, -5e-324, 1e-45, 1e-40, 3.4e38, -3.4e38, 16777217.0]

CLASSIFIERS = [
    DecisionTreeClassifier(random_state=0),
    DecisionTreeClassifier(max_leaf_nodes=7, class_weight="balanced", random_state=0),
    DecisionTreeClassifier(ccp_alpha=0.01, criterion="entropy", random_state=0),
    ExtraTreeClassifier(random_state=0),
    RandomForestClassifier(**FEW),
    RandomForestClassifier(n_jobs=2, max_samples=0.5, **FEW),
    ExtraTreesClassifier(bootstrap=True, **FEW),
    GradientBoostingClassifier(**FEW),
    GradientBoostingClassifier(init="zero", subsample=0.7, learning_rate=0.3, **FEW),
    GradientBoostingClassifier(init=DummyClassifier(strategy="prior"), **FEW),
    HistGradientBoostingClassifier(max_iter=6, random_state=0, min_samples_leaf=3),
    HistGradientBoostingClassifier(max_iter=6, l2_regularization=1.0, max_leaf_nodes=4, early_stopping=True),
]
REGRESSORS = [
    DecisionTreeRegressor(random_state=0),
    ExtraTreeRegressor(max_depth=5, random_state=0),
    RandomForestRegressor(criterion="absolute_error", **FEW),
    ExtraTreesRegressor(**FEW),
    *(GradientBoostingRegressor(loss=loss, **FEW) for loss in ("squared_error", "absolute_error", "huber", "quantile")),
    GradientBoostingRegressor(init="zero", **FEW),
    *(
        HistGradientBoostingRegressor(loss=loss, quantile=0.3 if loss == "quantile" else None, max_iter=6)
        for loss in ("squared_error", "absolute_error", "gamma", "poisson", "quantile")
    ),
]
TAKES_NAN = [DecisionTreeClassifier(), RandomForestClassifier(**FEW), HistGradientBoostingClassifier(max_iter=5)]
REFUSES_NAN = [ExtraTreeClassifier(criterion="log_loss", splitter="random"), GradientBoostingClassifier(**FEW)]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Limit OpenMP's threads, which spin on shared cores and take a hundred times as long as these tests."""
    with threadpool_limits(1):
        yield


def labels(classes: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = make_classification(200, WIDTH, n_classes=classes, n_clusters_per_class=1, **TWO)
    names = {"int": np.arange(classes) * 3 - 1, "str": np.array(["no", "yes", "maybe"][:classes])}
    return x, (names | {"object": names["str"].astype(object), "bool": np.array([False, True])})[kind][y]


def near_thresholds(fitted: Any, x: np.ndarray) -> np.ndarray:
    """Rows at the fitted thresholds, next to them in float32 and float64, and at odd values."""
    trees = [tree.tree_ for tree in np.ravel(getattr(fitted, "estimators_", [fitted])) if hasattr(tree, "tree_")]
    thresholds = [t.threshold[t.children_left >= 0] for t in trees] or [
        p.nodes["num_threshold"][p.nodes["is_leaf"] == 0] for one in getattr(fitted, "_predictors", []) for p in one
    ]
    at = np.concatenate([*thresholds, [0.0]])
    at32 = at.astype(np.float32)
    pool = [at, np.nextafter(at, np.inf), np.nextafter(at, -np.inf), at32, np.nextafter(at32, np.float32(np.inf)), ODD]
    return np.vstack([x, np.random.default_rng(0).choice(np.concatenate(pool), (100, x.shape[1]))])


@pytest.mark.parametrize("kind", ["int", "str", "object", "bool"])
def test_labels_of_every_kind(kind: str) -> None:
    x, y = labels(2, kind)
    assert_serves(DecisionTreeClassifier(max_depth=3).fit(x, y), x, exact=True)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=str)
def test_classifiers(estimator: Any, classes: int) -> None:
    x, y = labels(classes, "str")
    fitted = estimator.fit(x, y)
    assert_serves(fitted, near_thresholds(fitted, x))


@pytest.mark.parametrize("estimator", REGRESSORS, ids=str)
def test_regressors(estimator: Any) -> None:
    x, y = make_regression(200, WIDTH, random_state=2)
    fitted = estimator.fit(x, np.abs(y) + 0.5)
    assert_serves(fitted, near_thresholds(fitted, x))


def test_exponential_loss() -> None:
    x, y = labels(2, "int")
    fitted = GradientBoostingClassifier(loss="exponential", **FEW).fit(x, y)
    assert_serves(fitted, near_thresholds(fitted, x))


@pytest.mark.parametrize("estimator", [DecisionTreeRegressor(), RandomForestRegressor(**FEW)], ids=str)
def test_several_targets(estimator: Any) -> None:
    x, y = make_regression(150, WIDTH, n_targets=3, random_state=0)
    assert_serves(estimator.fit(x, y), x, exact=True)


def test_a_forest_of_lone_leaves() -> None:
    x = np.zeros((20, 2))
    assert_serves(RandomForestClassifier(3).fit(x, np.arange(20) % 2), x, exact=True)
    assert_serves(GradientBoostingRegressor(n_estimators=3).fit(x, np.ones(20)), x)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_both_widths_of_float(dtype: str) -> None:
    x, y = labels(3, "int")
    assert_serves(RandomForestClassifier(**FEW).fit(x, y), x.astype(dtype), sample=x.astype(dtype), exact=True)
    assert_serves(HistGradientBoostingClassifier(max_iter=4).fit(x, y), x.astype(dtype), sample=x.astype(dtype))


@pytest.mark.parametrize("trained_on_nan", [True, False])
@pytest.mark.parametrize("estimator", TAKES_NAN, ids=str)
def test_missing_values_go_where_the_tree_says(estimator: Any, trained_on_nan: bool) -> None:
    x, y = labels(3, "int")
    holes = np.where(np.random.default_rng(0).random(x.shape) < 0.2, np.nan, x)
    fitted = estimator.fit(holes if trained_on_nan else x, y)
    assert_serves(fitted, holes)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
@pytest.mark.parametrize("estimator", [*TAKES_NAN[:2], *REFUSES_NAN], ids=str)
def test_what_the_library_refuses_is_refused(estimator: Any, value: float) -> None:
    x, y = labels(2, "int")
    fitted = estimator.fit(x, y)
    bad = x[:9].copy()
    bad[7, 2] = value
    definition = export(fitted)
    try:
        want = fitted.predict_proba(bad)
    except ValueError:
        with pytest.raises(InputError, match=r"Input X contains .*row 7, column 2"):
            served(definition, bad)
    else:
        assert np.isnan(value)
        np.testing.assert_array_equal(served(definition, bad)["predict_proba"], want)


def test_infinities_pass_histogram_trees() -> None:
    x, y = labels(2, "int")
    bad = np.where(np.random.default_rng(0).random(x.shape) < 0.2, np.inf, -x)
    assert_serves(HistGradientBoostingClassifier(max_iter=5).fit(x, y), np.where(x > 1, -np.inf, bad))


def test_sparse_rows_are_compared_with_their_zeros() -> None:
    x = sparse.random(200, WIDTH, 0.4, "csr", random_state=0)
    y = np.asarray(x.sum(axis=1)).ravel() > 1
    fitted = RandomForestClassifier(**FEW).fit(x, y)
    definition = export(fitted, sample=x)
    for name, want in wanted(fitted, definition, x).items():
        np.testing.assert_array_equal(served(definition, x)[name], want)


CATEGORIES = [["b", "a", "c", None, "unseen"], [3.0, 1.0, 2.0, np.nan, 9.0]]


@pytest.mark.parametrize("values", CATEGORIES, ids=["texts", "numbers"])
def test_categorical_features_of_histogram_trees(values: list[Any]) -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, 300)
    frame = pd.DataFrame(
        {"n": rng.normal(size=300), "c": pd.Series(values)[codes].to_numpy(), "m": rng.normal(size=300)}
    )
    y = np.array([3.0, -1.0, 0.5, 7.0])[codes] + frame["n"]
    fitted = HistGradientBoostingRegressor(max_iter=8, categorical_features=["c"], min_samples_leaf=2).fit(frame, y)
    assert any(p.nodes["is_categorical"].any() for one in fitted._predictors for p in one)
    with_unseen = pd.concat([frame, frame.assign(c=values[4])], ignore_index=True)
    assert_serves(fitted, with_unseen)


def test_many_categories() -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([rng.integers(0, 200, 2000), rng.normal(size=2000)]).astype(float)
    effect = rng.normal(size=200)[x[:, 0].astype(int)]
    fitted = HistGradientBoostingRegressor(max_iter=6, categorical_features=[0], min_samples_leaf=1).fit(x, effect)
    assert_serves(fitted, np.vstack([x[:300], np.column_stack([[-1.0, 0.5, 1e9, np.nan, 255, 256], np.zeros(6)])]))


@pytest.mark.parametrize("kind", ["int", "str", "object", "bool"])
@pytest.mark.parametrize("estimator", [DecisionTreeClassifier(max_depth=3), RandomForestClassifier(**FEW)])
def test_several_labels_per_row(estimator: Any, kind: str) -> None:
    x, y = labels(3, "int")
    names = np.array([False, True, True]) if kind == "bool" else np.array([10, 20, 30]).astype(kind)
    names = names.astype(str).astype(object) if kind == "object" else names
    codes = np.unique(y, return_inverse=True)[1]
    fitted = estimator.fit(x, names[np.column_stack([codes, (codes + 1) % 2, codes // 2])])
    definition = assert_serves(fitted, x, sample=x)
    assert {"predict_proba[2]", "predict_log_proba[0]"} <= definition.outputs.keys()


def test_initial_scores_that_depend_on_the_row_are_refused() -> None:
    x, y = make_regression(50, WIDTH, random_state=0)
    with pytest.raises(UnsupportedError, match=r"GradientBoostingRegressor\(init="):
        export(GradientBoostingRegressor(init=LinearRegression(), n_estimators=2).fit(x, y))
    random = GradientBoostingClassifier(init=DummyClassifier(strategy="stratified"), n_estimators=2)
    with pytest.raises(UnsupportedError, match=r"GradientBoostingClassifier\(init="):
        export(random.fit(x, y > 0))


QUIET = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CELLS = st.sampled_from([*ODD, np.nan]) | st.floats(-1e6, 1e6, width=32)


@QUIET
@given(data=st.data())
def test_any_forest_on_any_rows(data: st.DataObject) -> None:
    width, rows = data.draw(st.integers(1, 4)), data.draw(st.integers(4, 30))
    cells = np.array(data.draw(st.lists(CELLS, min_size=rows * width, max_size=rows * width))).reshape(rows, width)
    y = np.array(data.draw(st.lists(st.integers(0, 2), min_size=rows, max_size=rows)))
    forest = RandomForestClassifier(n_estimators=3, max_features=None, random_state=data.draw(st.integers(0, 9)))
    fitted = forest.fit(cells, y)
    fresh = np.array(data.draw(st.lists(CELLS, min_size=5 * width, max_size=5 * width))).reshape(5, width)
    definition, x = export(fitted), np.vstack([cells, fresh])
    np.testing.assert_array_equal(served(definition, x)["predict_proba"], fitted.predict_proba(x))
