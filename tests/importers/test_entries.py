"""Stored zeros and duplicate columns of sparse rows, through every estimator that reads sparse rows.

Each answers as its library does, or rejects the row by name: over a definition for sparse rows, and one for dense.
"""

from __future__ import annotations

import importlib
import warnings
from collections import OrderedDict
from functools import cache
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    Normalizer,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.local import Predictor
from tests.importers.sklearn.examples import Example, examples, fitting
from tests.importers.sparse_forms import FORMS, with_repeats, with_zeros
from tests.importers.walk import first_of_each

LIBRARIES = ("lightgbm", "xgboost", "catboost")
METHODS = ("predict", "predict_proba", "decision_function", "transform")
ROWS = 24
PLAIN = "as fitted"
DATA = scipy.sparse.csr_matrix(scipy.sparse.random_array((60, 5), density=0.6, rng=3))
CLASSES = np.arange(60) % 2
REFUSALS = (
    "twice; call X.sum_duplicates() first",
    "twice, or out of order; call X.sum_duplicates() first",
    "cannot represent the sum; pass X.astype(float) instead",
    "distinguishes a stored zero from",
    "stores a zero in column",
    "of a kind for which fewer methods are served",
    "convert it to float64 first",
)


def all_examples() -> list[Example]:
    listed = list(examples())
    for library in LIBRARIES:
        listed += importlib.import_module(f"tests.importers.{library}.examples").EXAMPLES
    others: list[tuple[type, dict[str, Any]]] = [
        (StandardScaler, {"with_mean": False}),
        (RobustScaler, {"with_centering": False}),
        (QuantileTransformer, {"output_distribution": "normal", "n_quantiles": 10}),
        (TfidfTransformer, {"sublinear_tf": True}),
        (PolynomialFeatures, {"interaction_only": True}),
    ]
    few = {"iterations": 4, "depth": 3, "verbose": 0, "allow_writing_files": False, "thread_count": 1}
    others += [(CatBoostRegressor, few), (CatBoostClassifier, few)]
    alone = [Example(kind, fitting(kind, DATA, CLASSES, **options)) for kind, options in others]
    return [example for example in (*first_of_each(listed), *alone) if not example.name.startswith("_")]


def sparse_of(x: Any) -> scipy.sparse.csr_matrix | None:
    """Return numbers as sparse rows, a third of them zeros; None for other examples."""
    if scipy.sparse.issparse(x):
        return x.tocsr()
    if not isinstance(x, np.ndarray) or x.ndim != 2 or x.dtype.kind not in "fiu":
        return None
    zeroed = np.nan_to_num(x.astype(float))
    zeroed[np.random.default_rng(0).random(zeroed.shape) < 1 / 3] = 0.0
    return scipy.sparse.csr_matrix(zeroed)


def refitted(estimator: Any, x: scipy.sparse.csr_matrix) -> Any:
    """Return the estimator fitted on sparse rows and its answers to them; None if it does not accept any."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for arguments in ([target_of(estimator, x)], []):
            try:
                return clone(estimator).fit(x, *arguments)
            except Exception:  # each library raises different errors
                continue
    return None


def target_of(estimator: Any, x: scipy.sparse.csr_matrix) -> np.ndarray:
    """Return the estimator's answers to x if they differ between rows, else two alternating classes."""
    try:
        answers = np.asarray(estimator.predict(x.toarray()))
    except Exception:
        answers = np.zeros(1)
    return np.arange(x.shape[0]) % 2 if len(np.unique(answers)) < 2 else answers


@pytest.fixture(scope="module", params=all_examples(), ids=lambda example: example.name)
def fitted(request: pytest.FixtureRequest) -> Fitted:
    try:
        estimator, rows = request.param.fitted()
    except Exception as error:
        pytest.skip(f"not fitted alone: {error}")
    x = sparse_of(rows)
    estimator = None if x is None else refitted(estimator, x)
    if estimator is None:
        pytest.skip("takes no sparse rows")
    return Fitted(estimator, x[:ROWS])


class Fitted:
    """An estimator with what many tests ask of it: its predictors, and its answers."""

    def __init__(self, estimator: Any, x: scipy.sparse.csr_matrix) -> None:
        self.estimator, self.x = estimator, x
        self.answer = cache(lambda method, form: _answer(estimator, method, self.rows(form)))
        """Return the library's answer to the rows in a form, None if it raises."""
        self._predictors: dict[str, Predictor | UnsupportedError] = {}

    def rows(self, form: str) -> Any:
        return self.x if form == PLAIN else FORMS[form](self.x)

    def predictor(self, by: str) -> Predictor:
        if by not in self._predictors:
            try:
                self._predictors[by] = _predictor(self.estimator, by)
            except UnsupportedError as error:
                self._predictors[by] = error
        found = self._predictors[by]
        if isinstance(found, UnsupportedError):
            pytest.skip(str(found))
        return found


def _predictor(estimator: Any, by: str) -> Predictor:
    return pretzel.compile(estimator) if by == "in process" else Predictor(pretzel.export(estimator))


@pytest.mark.parametrize("by", ["in process", "dense"])
def test_entries_are_read_as_the_library_reads_them_or_refused(fitted: Fitted, by: str) -> None:
    predictor = fitted.predictor(by)
    for form in FORMS:
        rows, x = fitted.rows(form), fitted.x
        plain = rows.dtype == x.dtype and rows.format == x.format  # LightGBM takes no integers, CatBoost no COO
        for method in METHODS:
            if hasattr(predictor, method) and fitted.answer(method, PLAIN if plain else form) is not None:
                _check(fitted.estimator, predictor, method, rows, fitted.answer(method, form), form)


def _answer(estimator: Any, method: str, x: scipy.sparse.csr_matrix) -> Any:
    """Return the library's answer, None if it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(estimator, method)(x.copy())
        except Exception:  # each library raises different errors
            return None


def _check(
    estimator: Any, predictor: Predictor, method: str, x: scipy.sparse.csr_matrix, want: Any, form: str = PLAIN
) -> None:
    try:
        got = getattr(predictor, method)(x.copy())
    except (InputError, UnsupportedError) as error:
        assert any(part in str(error) for part in REFUSALS), f"{form} rows: {error}"
        return
    what = f"{type(estimator).__name__}.{method} of {form} rows"
    assert want is not None, f"{what}: the library refuses these rows"
    _assert_same(got, want, what)


def _assert_same(got: Any, want: Any, what: str) -> None:
    if isinstance(want, list):
        for one, other in zip(got, want, strict=True):
            _assert_same(one, other, what)
        return
    got, want = (value.toarray() if scipy.sparse.issparse(value) else np.asarray(value) for value in (got, want))
    if want.dtype.kind == "f":
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-7, err_msg=what)
    else:
        assert got.ravel().tolist() == want.ravel().tolist(), what


@pytest.mark.parametrize("by", ["in process", "dense"])
@pytest.mark.parametrize("example", all_examples(), ids=lambda example: example.name)
def test_models_of_dense_rows_read_sparse_rows_as_the_library_does(example: Example, by: str) -> None:
    """Some transform only stored entries, so that absent entries stay zero."""
    try:
        estimator, asked = example.fitted()
        predictor = _predictor(estimator, by)
    except Exception as error:
        pytest.skip(str(error))
    x = sparse_of(asked)
    for rows in () if x is None else (x[:ROWS], abs(x)[:ROWS], abs(x)[:ROWS].tocsc()):
        for method in METHODS:
            want = _answer(estimator, method, rows) if hasattr(predictor, method) else None
            if want is not None:
                _check(estimator, predictor, method, rows, want)


@pytest.mark.parametrize("output", ["uniform", "normal"])
@pytest.mark.parametrize("low", [0.0, 0.5, -1.0])
def test_quantiles_of_absent_entries(low: float, output: str) -> None:
    """Nothing is rejected if a stored zero has the rank zero too."""
    x = np.random.default_rng(6).uniform(low, 2.0, (50, 2))
    x[0] = low
    rows = scipy.sparse.csr_matrix([[0.0, 1.0], [2.0, 0.0]])
    model = QuantileTransformer(n_quantiles=20, output_distribution=output).fit(x)
    for predictor in (pretzel.compile(model), Predictor(pretzel.export(model))):
        if output == "uniform" and low >= 0:
            for form in (rows, rows.tocsc(), with_zeros(rows)):
                _assert_same(predictor.transform(form), model.transform(form.copy()), "transform")
        else:
            with pytest.raises(InputError, match="quantiletransformer distinguishes a stored zero from an entry"):
                predictor.transform(rows)


@pytest.mark.parametrize(("degree", "refused"), [(2, True), (3, True), (4, False)])
def test_products_of_columns_that_were_selected_in_another_order(degree: int, refused: bool) -> None:
    """The library multiplies the entries of a CSR row in stored order, up to the third degree."""
    model = ColumnTransformer([("products", PolynomialFeatures(degree), [2, 0, 1])]).fit(DATA)
    predictor = pretzel.compile(model)
    if not refused:
        return _assert_same(predictor.transform(DATA), model.transform(DATA), "transform")
    with pytest.raises(InputError, match=r"selects columns in another order, .* pass X.toarray\(\)"):
        predictor.transform(DATA)
    _assert_same(predictor.transform(DATA.toarray()), model.transform(DATA.toarray()), "transform")


def test_lightgbm_reads_the_last_duplicate_even_zero() -> None:
    rows = np.random.default_rng(0)
    model = LGBMRegressor(n_estimators=20, min_child_samples=2, verbose=-1).fit(
        DATA, np.asarray(DATA.sum(axis=1)).ravel()
    )
    values = rows.choice([0.0, -0.0, 1e-36, 0.5, 0.9, np.nan], 300)
    x = scipy.sparse.csr_matrix((values, rows.integers(0, 5, 300), np.arange(0, 301, 10)), shape=(30, 5))
    for predictor in (pretzel.compile(model), Predictor(pretzel.export(model))):
        np.testing.assert_array_equal(predictor.predict(x), model.predict(x))
        np.testing.assert_array_equal(predictor.predict(x.tocoo()), model.predict(x.tocoo()))
    leaves = model.predict(x, pred_leaf=True)
    np.testing.assert_array_equal(pretzel.compile(model).leaf_index(x), leaves)


TAGS = [{"tags": ["x", "y", "z"][i % 3 :], "n": float(i % 5)} for i in range(40)]
TWICE = [{"tags": ["x", "x", "y"], "n": 2.0}, {"n": 1.0}]


@pytest.mark.parametrize("scaler", [MaxAbsScaler(), Normalizer()])
def test_repeated_names_are_refused_by_steps_that_do_not_sum_them(scaler: Any) -> None:
    model = make_pipeline(DictVectorizer(), scaler, SVC()).fit(TAGS, np.arange(40) % 2)
    predictor = pretzel.compile(model)
    np.testing.assert_allclose(predictor.decision_function(TAGS), model.decision_function(TAGS), rtol=1e-6)
    with pytest.raises(InputError, match="row 0: the name 'tags=x' occurs twice"):
        predictor.predict(TWICE)
    with pytest.raises(InputError, match="row 0: the name 'tags=x' occurs twice"):
        predictor.predict([OrderedDict(TWICE[0])])


@pytest.mark.parametrize("head", [LogisticRegression(), LGBMClassifier(n_estimators=4, verbose=-1), BernoulliNB()])
def test_repeated_names_are_read_as_the_library_reads_them(head: Any) -> None:
    model = make_pipeline(DictVectorizer(), head).fit(TAGS, np.arange(40) % 2)
    np.testing.assert_allclose(pretzel.compile(model).predict_proba(TWICE), model.predict_proba(TWICE), rtol=1e-6)


def test_steps_that_return_dense_rows_keep_no_entries() -> None:
    x = with_repeats(DATA)
    model = make_pipeline(TruncatedSVD(3), SVC()).fit(DATA, CLASSES)
    assert "repeats" not in pretzel.export(model).metadata
    np.testing.assert_allclose(pretzel.compile(model).decision_function(x), model.decision_function(x), rtol=1e-6)
