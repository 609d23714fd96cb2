"""Naive Bayes and discriminants against scikit-learn, over types, layouts, and extreme or invalid values."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse
from sklearn import discriminant_analysis, naive_bayes
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.compare import assert_served, run
from tests.importers.sklearn.frames import assert_serves

FLOAT32 = {"relative": 2e-5, "scale": 2e-6}
METHODS = {"predict", "predict_proba", "predict_log_proba"}
NUMBERS = [naive_bayes.GaussianNB(), discriminant_analysis.QuadraticDiscriminantAnalysis()]
COUNTERS = [naive_bayes.MultinomialNB(), naive_bayes.ComplementNB(), naive_bayes.BernoulliNB()]
LINEAR = discriminant_analysis.LinearDiscriminantAnalysis


def numbers(dtype: str = "f8") -> np.ndarray:
    return np.random.default_rng(4).normal(size=(90, 5)).astype(dtype)


def counts(dtype: str = "f8") -> np.ndarray:
    return np.random.default_rng(6).poisson(0.7, size=(90, 12)).astype(dtype)


def classes(x: np.ndarray, k: int = 3) -> np.ndarray:
    return (np.abs(x[:, 0] - x[:, 1] + x[:, 2]) * 2).astype(int) % k


def fit(model: Any, x: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(x, y)


@pytest.mark.parametrize("model", [*NUMBERS, LINEAR(), LINEAR(solver="eigen")], ids=str)
@pytest.mark.parametrize("fitted", ["f4", "f8"])
@pytest.mark.parametrize("asked", ["f4", "f8"])
@pytest.mark.parametrize("k", [2, 3])
def test_the_types_are_the_librarys(model: Any, fitted: str, asked: str, k: int) -> None:
    x = numbers()
    served = {} if fitted == asked == "f8" else FLOAT32
    assert_served(fit(model, x.astype(fitted), classes(x, k)), x.astype(asked), **served)


def test_sums_in_float32_are_added_to_those_of_the_rows_in_float64() -> None:
    x = numbers()
    model = naive_bayes.GaussianNB().fit(x.astype("f4"), classes(x))
    np.testing.assert_allclose(pretzel.compile(model).predict_proba(x), model.predict_proba(x), rtol=1e-12)


@pytest.mark.parametrize("model", COUNTERS, ids=str)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("k", [2, 3, 1])
def test_counts_dense_and_sparse(model: Any, dtype: str, layout: Any, k: int) -> None:
    x = counts(dtype)
    assert_served(fit(model, layout(x), classes(x, k)), layout(x), methods=METHODS)


@pytest.mark.parametrize("model", COUNTERS, ids=str)
def test_after_text(model: Any) -> None:
    texts = ["the red fox", "a red dog dog dog", "the blue sea", "", "sea of foxes and the sea"]
    assert_serves(make_pipeline(CountVectorizer(), model).fit(texts, list("aabba")), texts, sample=texts)


def test_columns_of_seconds_lose_no_digit() -> None:
    x = numbers() + 1.7e9
    for model in (*NUMBERS, LINEAR()):
        assert_served(fit(model, x, classes(numbers())), x, scale=1e-7)


def test_features_that_never_come_are_impossible() -> None:
    x = counts()
    x[:, 3] = 0
    model = fit(naive_bayes.MultinomialNB(alpha=0.0, force_alpha=True), x, classes(x))
    assert_served(model, sparse.csr_matrix(counts()))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_limit_that_float32_does_not_have(dtype: str) -> None:
    x = np.random.default_rng(1).choice([0.0, 0.1, 0.3], size=(60, 4)).astype(dtype)
    y = (x[:, 0] > 0.2).astype(int)
    assert_served(naive_bayes.BernoulliNB(binarize=0.1).fit(x, y), x, methods=METHODS)


LIKELY = fit(naive_bayes.GaussianNB(), numbers(), classes(numbers()))
FAR = st.sampled_from([0.0, -0.0, 1e-310, 1e8, -1e8]) | st.floats(-1e6, 1e6)


@given(hnp.arrays("f8", (4, 5), elements=FAR))
@settings(max_examples=25, deadline=None)
def test_far_away_values(x: np.ndarray) -> None:
    got, joint = run(export(LIKELY), {"X": x}), LIKELY.predict_joint_log_proba(x)
    lost = 1e-12 * np.abs(joint).max()  # last bits of the log-likelihoods, which may be huge
    np.testing.assert_allclose(got["predict_log_proba"], LIKELY.predict_log_proba(x), rtol=1e-6, atol=lost)


def test_a_probability_of_zero_has_a_logarithm() -> None:
    x = np.vstack([numbers() * 0.01, numbers() * 0.01 + 100])
    model = LINEAR().fit(x, np.repeat(["low", "high"], 90))
    assert (model.predict_proba(x) == 0).any()
    assert_served(model, x)


CATEGORICAL = naive_bayes.CategoricalNB().fit([[0, 2], [1, 0], [2, 1], [0, 0]], [1, 2, 2, 1])


def test_categories_are_truncated_to_integers() -> None:
    assert_served(CATEGORICAL, np.array([[0.9, -0.9], [2.99, 2.0], [-0.0, 1.5]]), methods=METHODS)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize("bad", [-1.0, 3.0, np.nan, np.inf, 1e30])
def test_categories_that_the_library_refuses(bad: float) -> None:
    x = np.array([[0.0, 0.0], [0.0, bad]])
    with pytest.raises((ValueError, IndexError)):
        CATEGORICAL.predict(x)
    with pytest.raises(InputError, match="row 1, column 1"):
        run(export(CATEGORICAL), {"X": x})


@pytest.mark.parametrize("model", [*NUMBERS, *COUNTERS, LINEAR()], ids=str)
def test_missing_values_are_refused(model: Any) -> None:
    x = counts() + np.abs(np.random.default_rng(0).normal(size=(90, 12)))
    definition = export(fit(model, x, classes(x)))
    x[4, 2] = np.nan
    with pytest.raises(InputError, match="NaN"):
        run(definition, {"X": x})


def test_a_discriminant_of_one_class_is_refused() -> None:
    model = LINEAR().fit(numbers(), np.ones(90))
    with pytest.raises(UnsupportedError, match="lineardiscriminantanalysis: .* one class"):
        export(model)


def test_least_squares_do_not_project() -> None:
    model = LINEAR(solver="lsqr").fit(numbers(), classes(numbers()))
    assert_served(model, numbers(), methods=METHODS | {"decision_function"})
