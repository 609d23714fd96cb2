"""Feature contributions of linear models: terms that add up to scikit-learn's scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn import linear_model, svm

import pretzel

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 6))
Y = X @ RNG.normal(size=6) + 1.5
PAIR, CLASSES = Y > 0, np.digitize(Y, [0, 2])
STOCHASTIC = {"max_iter": 50, "tol": None, "random_state": 0}


def models() -> dict[str, tuple[Any, Any]]:
    return {
        "least squares": (linear_model.LinearRegression(), Y),
        "no intercept": (linear_model.LinearRegression(fit_intercept=False), Y),
        "several targets": (linear_model.Ridge(), np.column_stack([Y, -2 * Y])),
        "one target as a column": (linear_model.LinearRegression(), Y[:, None]),
        "lasso": (linear_model.Lasso(0.1), Y),
        "elastic net": (linear_model.ElasticNet(0.1), Y),
        "stochastic regressor": (linear_model.SGDRegressor(**STOCHASTIC), Y),
        "support vectors": (svm.LinearSVR(random_state=0), Y),
        "logistic": (linear_model.LogisticRegression(), PAIR),
        "logistic of classes": (linear_model.LogisticRegression(), CLASSES),
        "stochastic classifier": (linear_model.SGDClassifier(**STOCHASTIC), CLASSES),
        "support vector classifier": (svm.LinearSVC(random_state=0), PAIR),
        "ridge classifier": (linear_model.RidgeClassifier(), CLASSES),
        "one class": (linear_model.SGDOneClassSVM(random_state=0), None),
    }


def score(fitted: Any, x: Any) -> np.ndarray:
    return np.asarray(getattr(fitted, "decision_function", fitted.predict)(x))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", models())
def test_terms_are_products_and_add_up_to_the_score(name: str, dtype: Any) -> None:
    model, y = models()[name]
    x = X.astype(dtype)
    fitted = model.fit(x) if y is None else model.fit(x, y)
    got, want = pretzel.compile(fitted).contributions(x), score(fitted, x)
    assert got.shape[0] == len(x) and got.shape[-1] == x.shape[1] + 1
    flat = want.reshape(len(x), *got.shape[1:-1])
    np.testing.assert_allclose(got.sum(axis=-1), flat, rtol=1e-4 if dtype == np.float32 else 1e-9, atol=1e-5)
    coef = np.squeeze(np.asarray(fitted.coef_))
    terms = x[:, None, :] * coef if coef.ndim == 2 else x * coef
    np.testing.assert_allclose(got[..., :-1], terms.reshape(*got.shape[:-1], -1), rtol=1e-6)


@pytest.mark.parametrize("kind", [linear_model.PoissonRegressor, linear_model.GammaRegressor])
def test_generalized_models_are_explained_before_their_link(kind: Any) -> None:
    fitted = kind().fit(X, np.exp(Y / 4))
    got = pretzel.compile(fitted).contributions(X)
    np.testing.assert_allclose(np.exp(got.sum(axis=1)), fitted.predict(X), rtol=1e-9)


def test_sparse_rows_give_sparse_terms() -> None:
    rows = sparse.random(50, 100_000, 0.0005, "csr", random_state=0)
    fitted = linear_model.LogisticRegression().fit(rows, np.arange(50) % 2)
    got = pretzel.compile(fitted).contributions(rows)
    assert sparse.issparse(got) and got.shape == (50, 100_001)
    assert got.nnz <= rows.nnz + 50
    np.testing.assert_allclose(np.ravel(got.sum(axis=1)), fitted.decision_function(rows), rtol=1e-9)


def test_sparse_rows_give_a_matrix_per_class() -> None:
    rows = sparse.csr_matrix(np.where(np.abs(X) > 1, X, 0))
    fitted = linear_model.LogisticRegression().fit(rows, CLASSES)
    got = pretzel.compile(fitted).contributions(rows)
    assert len(got) == 3 and all(sparse.issparse(one) for one in got)
    sums = np.column_stack([np.ravel(one.sum(axis=1)) for one in got])
    np.testing.assert_allclose(sums, fitted.decision_function(rows), rtol=1e-9)
