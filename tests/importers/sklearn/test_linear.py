"""Linear models against scikit-learn, over losses, numbers of classes and targets, types and layouts."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy import sparse, special
from sklearn import linear_model, svm
from sklearn.exceptions import ConvergenceWarning

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from tests.importers.sklearn.compare import assert_served, run

FLOAT32 = {"relative": 2e-5, "scale": 2e-6}  # sums of float32 in another order
CLASSIFIER = {"predict", "decision_function"}
PROBABILITIES = {"predict_proba", "predict_log_proba"}
LABELS = {
    "two ints": [3, -1],
    "two texts": ["yes", "nö"],
    "objects": np.array(["b", "a", "c"], object),
    "bools": [True, False],
    "three floats": [0.0, 1.0, 2.0],
    "four": [0, 1, 2, 3],
    "nine": list(range(9)),
}


def data(dtype: str = "f8", width: int = 13, rows: int = 120) -> np.ndarray:
    return np.random.default_rng(width).normal(size=(rows, width)).astype(dtype)


def labels(name: str, rows: int = 120) -> np.ndarray:
    table = np.asarray(LABELS[name])
    x = data(rows=rows)
    return table[(np.abs(x @ np.linspace(-1, 1, x.shape[1])) * 2).astype(int) % len(table)]


def fit(estimator: Any, x: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", FutureWarning)
        return estimator.fit(x, y)


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_logistic_regression(kind: str, fit_intercept: bool) -> None:
    model = fit(linear_model.LogisticRegression(fit_intercept=fit_intercept), data(), labels(kind))
    assert_served(model, data(), methods=CLASSIFIER | PROBABILITIES)


@pytest.mark.parametrize("function", ["sigmoid", "sigmoid_pair"])
def test_sigmoids_of_float32_are_rounded_like_scipys(function: str) -> None:
    scores = np.linspace(-110, 110, 40_001, dtype=np.float32)
    x = ops.Input("x", "f32")
    got = run(Definition({"p": ops.Link(x, function)}, (x,)), {"x": scores})["p"]
    want = special.expit(scores)
    if function == "sigmoid_pair":  # near one, the other probability has few digits, and its logarithm may be infinite
        np.testing.assert_array_equal(got, np.stack([1 - want, want], axis=1))
    np.testing.assert_array_max_ulp(got if got.ndim == 1 else got[:, 1], want, 1)


def test_logarithms_of_float32_are_infinite_where_the_librarys_are() -> None:
    x = data("f4", rows=5000)
    model = fit(linear_model.LogisticRegression(C=1e3), x, (x.sum(axis=1) > 0).astype(int))
    predictor, rows = pretzel.compile(model), 3 * x
    same = model.decision_function(rows) == predictor.decision_function(rows)
    want = model.predict_log_proba(rows)
    assert np.isinf(want).any()
    np.testing.assert_array_equal(np.isinf(predictor.predict_log_proba(rows))[same], np.isinf(want)[same])


@pytest.mark.parametrize("solver", ["liblinear", "newton-cg", "sag", "saga"])
def test_logistic_regression_of_every_solver(solver: str) -> None:
    model = fit(linear_model.LogisticRegression(solver=solver, max_iter=20), data(), labels("two ints"))
    assert_served(model, data())


@pytest.mark.parametrize("kind", ["two ints", "four"])
@pytest.mark.parametrize("trained", ["f4", "f8"])
@pytest.mark.parametrize("asked", ["f4", "f8"])
def test_float32_stays_float32_where_the_library_keeps_it(kind: str, trained: str, asked: str) -> None:
    model = fit(linear_model.LogisticRegression(), data(trained), labels(kind))
    assert_served(model, data(asked), **FLOAT32)


@pytest.mark.parametrize("kind", ["two ints", "four"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_sparse_rows(kind: str, dtype: str) -> None:
    x = sparse.random(120, 300, 0.1, "csr", dtype, random_state=1)
    model = fit(linear_model.LogisticRegression(), x, labels(kind))
    assert_served(model, x, **(FLOAT32 if dtype == "f4" else {}))


def test_sparsified_coefficients() -> None:
    model = fit(
        linear_model.LogisticRegression(solver="liblinear", l1_ratio=1.0), data(), labels("two ints")
    ).sparsify()
    assert_served(model, data())


@pytest.mark.parametrize("loss", ["hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron", "huber"])
@pytest.mark.parametrize("kind", ["two texts", "four"])
def test_sgd_classifier(loss: str, kind: str) -> None:
    model = fit(linear_model.SGDClassifier(loss=loss, max_iter=30, random_state=0), data(), labels(kind))
    has_probabilities = loss in ("log_loss", "modified_huber")
    assert_served(model, data(), methods=CLASSIFIER | PROBABILITIES if has_probabilities else CLASSIFIER)


def test_one_vs_rest_probabilities_that_are_all_zero_become_equal() -> None:
    model = fit(linear_model.SGDClassifier(loss="modified_huber", max_iter=30, random_state=0), data(), labels("four"))
    model.intercept_[:] = -1e6
    assert np.allclose(model.predict_proba(data()[:2]), 0.25)
    assert_served(model, data())


CLASSIFIERS = [
    svm.LinearSVC(),
    linear_model.Perceptron(),
    linear_model.RidgeClassifier(),
    linear_model.RidgeClassifierCV(),
]


@pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("kind", ["two ints", "three floats"])
def test_classifiers_without_probabilities(model: Any, kind: str) -> None:
    assert_served(fit(model, data(), labels(kind)), data(), methods=CLASSIFIER)


def test_ridge_classifier_of_several_labels_per_row() -> None:
    y = np.column_stack([labels("two ints") > 0, labels("bools"), labels("four") > 1]).astype(int)
    assert_served(linear_model.RidgeClassifier().fit(data(), y), data(), methods=CLASSIFIER)


REGRESSORS = [
    linear_model.LinearRegression(),
    linear_model.LinearRegression(fit_intercept=False),
    linear_model.Ridge(),
    linear_model.RidgeCV(),
    linear_model.Lasso(0.01),
    linear_model.ElasticNet(0.01),
    linear_model.Lars(),
    linear_model.LassoLars(0.01),
    linear_model.OrthogonalMatchingPursuit(),
    linear_model.BayesianRidge(),
    linear_model.ARDRegression(),
    linear_model.HuberRegressor(),
    linear_model.SGDRegressor(random_state=0),
    linear_model.TheilSenRegressor(random_state=0, max_subpopulation=50),
    linear_model.PoissonRegressor(),
    linear_model.TweedieRegressor(power=0),
    linear_model.TweedieRegressor(power=1.5),
    svm.LinearSVR(),
]


@pytest.mark.parametrize("model", REGRESSORS, ids=str)
@pytest.mark.parametrize("asked", ["f4", "f8"])
def test_regressors(model: Any, asked: str) -> None:
    y = np.abs(data() @ np.linspace(-1, 1, 13))
    assert_served(fit(model, data(), y), data(asked), methods={"predict"}, scale=1e-8)


@pytest.mark.parametrize("targets", [1, 2, 20])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_several_targets_keep_their_shape(targets: int, dtype: str) -> None:
    y = np.random.default_rng(0).normal(size=(120, targets)).astype(dtype)
    for model in (linear_model.LinearRegression(), linear_model.Ridge()):
        assert_served(model.fit(data(dtype), y), data(dtype), **(FLOAT32 if dtype == "f4" else {}))


def test_one_class_svm() -> None:
    model = linear_model.SGDOneClassSVM(random_state=0).fit(data())
    assert_served(model, data(), methods={"predict", "decision_function", "score_samples"})


@pytest.mark.parametrize("bad, message", [(np.nan, "contains NaN"), (np.inf, "contains infinity")])
def test_values_that_the_library_refuses_are_refused(bad: float, message: str) -> None:
    model = linear_model.Ridge().fit(data(), data()[:, 0])
    x = data()
    x[17, 5] = bad
    with pytest.raises(ValueError, match=message):
        model.predict(x)
    with pytest.raises(InputError, match=f"{message}.*row 17, column 5.*Ridge"):
        run(export(model), {"X": x})


def test_labels_that_no_table_holds_are_refused() -> None:
    model = fit(linear_model.LogisticRegression(), data(), labels("two ints"))
    model.classes_ = np.array([b"no", b"yes"])
    with pytest.raises(UnsupportedError, match="sklearn.linear_model.LogisticRegression cannot be served: its labels"):
        export(model)
